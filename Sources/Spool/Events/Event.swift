import Digest
import Files
import Foundation

/// Something that happened to a photograph.
package struct Event: Equatable, Sendable {
    package enum Kind: String, Sendable, Codable, CaseIterable {
        /// It lies in the inbox, new or with another content, and waits for its turn.
        case received
        /// Its result lies in the outbox.
        case published
        /// The settings leave it alone.
        case skipped
        /// It failed for a reason that may pass, and is tried again.
        case postponed
        /// It failed for good.
        case failed
        /// The process died twice while it was worked on.
        case quarantined
        /// It is tried again, since a person asked for it or another photograph has taken its result's place.
        case retried
        /// It left the inbox before its work was done.
        case withdrawn
        /// A person chose a variant, or none any more.
        case chosen
        /// The journal no longer holds some events that the reader has not seen.
        case gap
    }

    package var kind: Kind
    package var time: Date
    /// The photograph, relative to the inbox; nil for a gap.
    package var path: RelativePath?
    /// The photograph's content, as far as known.
    package var content: ContentHash?
    /// The result's folder in the outbox.
    package var result: RelativePath?
    /// The file of the chosen variant within the result; nil where none is chosen.
    package var variant: String?
    package var reason: String?
    /// Times it was tried.
    package var attempts: Int?
    /// When it is tried again.
    package var nextTry: Date?
    /// Whether this was found in the outbox after the ledger was lost, and was perhaps told before.
    package var isRecovered: Bool?

    package init(_ kind: Kind, at time: Date, path: RelativePath? = nil) {
        self.kind = kind
        self.time = time
        self.path = path
    }
}

extension Event: Codable {
    private enum CodingKeys: String, CodingKey {
        case kind = "event"
        case time, path, content, result, variant, reason, attempts
        case nextTry = "next_try"
        case isRecovered = "recovered"
    }
}

extension Event {
    /// What a file's way through the service makes known; nil for a step of no interest to others.
    ///
    /// - Parameters:
    ///   - step: What happened to the file.
    ///   - job: The file's record after it.
    init?(_ step: JobEvent, of job: Job, at now: Date) {
        switch step {
        case .arrived(isChanged: true): self.init(.received, job, now)
        case .published:
            self.init(.published, job, now)
            result = job.result
        case .skipped(_, isCurrent: true): self.init(.skipped, job, now)
        case .failedForNow, .failedForGood(_, isCurrent: true), .quarantined(_, isCurrent: true), .processDied:
            switch job.state {
            case .waiting: self.init(.postponed, job, now)
            case .failed: self.init(.failed, job, now)
            case .quarantined: self.init(.quarantined, job, now)
            case .received, .claimed, .published, .skipped: return nil
            }
            attempts = job.attempts
        case .retried where job.state != .claimed: self.init(.retried, job, now)
        case .arrived, .claimed, .skipped, .failedForGood, .quarantined, .putBack, .retried: return nil
        }
    }

    /// A file of the inbox that is new to the ledger, or that is there no more.
    init(_ kind: Kind, _ job: Job, _ now: Date) {
        self.init(kind, at: now, path: job.path)
        // A file that has just come is not the one that was hashed.
        if kind != .received { content = job.identity?.content }
        reason = job.state.reason
        nextTry = job.state.nextTry
    }
    /// A result that a new ledger has found in the outbox.
    init(recovered job: Job, at now: Date) {
        self.init(.published, job, now)
        result = job.result
        isRecovered = true
    }
}
