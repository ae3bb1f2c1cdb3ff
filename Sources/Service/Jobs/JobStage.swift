import Colorization

/// A job's stage, by the name that `status` shows.
package enum JobStage: String, Sendable, Codable, CaseIterable {
    case opening
    /// Another job must end first: one that must run alone, or one of the same photograph.
    case waitingForTurn = "waiting for its turn"
    case waitingForMemory = "waiting for memory"
    case decoding
    case conditioning
    case sampling
    case rendering
    case publishing
    /// The file is archived, deleted or set aside.
    case moving

    /// Whether the job does nothing until another one gets on.
    var isWaiting: Bool { self == .waitingForTurn || self == .waitingForMemory }

    package init(_ stage: ColoringStage) {
        self =
            switch stage {
            case .waitingForMemory: .waitingForMemory
            case .decoding: .decoding
            case .waitingForTurn: .waitingForTurn
            case .conditioning: .conditioning
            case .sampling: .sampling
            case .rendering: .rendering
            }
    }
}
