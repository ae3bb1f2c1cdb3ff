import Foundation

/// The state of a file of the inbox.
package enum JobState: Equatable, Sendable {
    /// It waits for a worker.
    case received
    /// A worker has it.
    case claimed
    /// It failed for now and waits for its next try.
    case waiting(until: Date, reason: String)
    /// Its result lies in the outbox.
    case published
    /// It is left alone in the inbox, as the settings ask.
    case skipped(reason: String)
    /// It failed for good.
    case failed(reason: String)
    /// The process died twice while it was worked on.
    case quarantined(reason: String)

    /// Whether work is still to be done.
    package var isPending: Bool {
        switch self {
        case .received, .claimed, .waiting: true
        case .published, .skipped, .failed, .quarantined: false
        }
    }

    /// Why it is not done, where there is a reason.
    package var reason: String? {
        switch self {
        case .waiting(_, let reason), .skipped(let reason), .failed(let reason), .quarantined(let reason): reason
        case .received, .claimed, .published: nil
        }
    }

    /// When it is tried again; nil where it does not wait.
    package var nextTry: Date? {
        if case .waiting(let until, _) = self { return until }
        return nil
    }
}
