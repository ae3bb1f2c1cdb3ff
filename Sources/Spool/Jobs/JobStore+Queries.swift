import Files
import Foundation

extension JobStore {
    /// The numbers of files in each state.
    package func counts() throws -> JobCounts {
        try read { try $0.counts() }
    }

    /// When the oldest file with work still to be done arrived; nil where there is none.
    package func oldestPending() throws -> Date? {
        try read { try $0.oldestPending() }
    }

    /// The files that failed or are quarantined, the latest first.
    package func failures(limit: Int = 100) throws -> [Job] {
        try read { try $0.failures(limit: limit) }
    }

    /// The files that wait for another try, the next one first.
    package func waiting(limit: Int = 100) throws -> [Job] {
        try read { try $0.waiting(until: .distantFuture, orAfter: .distantFuture, limit: limit) }
    }

    /// The files whose next try is due, the longest due first.
    package func due(at now: Date = Date(), limit: Int = 1000) throws -> [Job] {
        // A time further away than any wait comes from a clock that was set back since.
        try read { try $0.waiting(until: now, orAfter: now + policy.longestSeconds, limit: limit) }
    }

    /// The record of a file; nil where there is none.
    package func job(_ path: RelativePath) throws -> Job? {
        try read { try $0.job(path) }
    }

    /// Whether a result in the outbox is on record for other files, and not for this one.
    package func isResult(_ result: RelativePath, ofOtherThan path: RelativePath) throws -> Bool {
        let jobs = try read { try $0.jobs(at: result) }
        return !jobs.isEmpty && !jobs.contains { $0.path == path }
    }
}
