/// A stage of the pipeline; every photograph passes them in this order.
package enum ColoringStage: String, Sendable, CaseIterable {
    case waitingForMemory = "waiting for memory"
    case decoding
    /// Others are coloured first.
    case waitingForTurn = "waiting for its turn"
    case conditioning
    case sampling
    case rendering
}
