/// A stage of the pipeline; every photograph passes them in this order.
package enum ColoringStage: String, Sendable, CaseIterable {
    case waitingForMemory = "waiting for memory"
    case decoding
    case conditioning
    case sampling
    case rendering
}
