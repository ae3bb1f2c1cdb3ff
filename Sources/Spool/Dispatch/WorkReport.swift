import Files

/// What became of an order, told to the coordinator.
package struct WorkReport: Equatable, Sendable {
    package enum Outcome: Equatable, Sendable {
        /// The result lies in the outbox.
        case published
        /// The settings ask to leave it alone.
        case skipped(reason: String)
        /// The file may still be growing.
        case incomplete(reason: String)
        /// The trouble may pass.
        case failedForNow(reason: String)
        /// The error will come up with this file each time.
        case failedForGood(reason: String)
        /// The file is gone or is another one by now.
        case gone(reason: String)
        /// Workers died or fell silent over it as often as they may.
        case died(times: Int)
    }

    /// Names the report in the queue; empty before it is there.
    package let id: String
    package let path: RelativePath
    package let identity: WorkIdentity
    package let outcome: Outcome

    package init(id: String = "", path: RelativePath, identity: WorkIdentity, outcome: Outcome) {
        self.id = id
        self.path = path
        self.identity = identity
        self.outcome = outcome
    }

    package init(on order: WorkOrder, _ outcome: Outcome) {
        self.init(path: order.path, identity: order.identity, outcome: outcome)
    }
}

extension WorkReport.Outcome {
    /// This as a word and a text.
    package var parts: (kind: String, detail: String) {
        switch self {
        case .published: ("published", "")
        case .skipped(let reason): ("skipped", reason)
        case .incomplete(let reason): ("incomplete", reason)
        case .failedForNow(let reason): ("later", reason)
        case .failedForGood(let reason): ("failed", reason)
        case .gone(let reason): ("gone", reason)
        case .died(let times): ("died", "\(times)")
        }
    }

    /// The outcome that `parts` gave; nil for others.
    package init?(kind: String, detail: String) {
        switch kind {
        case "published": self = .published
        case "skipped": self = .skipped(reason: detail)
        case "incomplete": self = .incomplete(reason: detail)
        case "later": self = .failedForNow(reason: detail)
        case "failed": self = .failedForGood(reason: detail)
        case "gone": self = .gone(reason: detail)
        case "died": self = .died(times: Int(detail) ?? 0)
        default: return nil
        }
    }
}
