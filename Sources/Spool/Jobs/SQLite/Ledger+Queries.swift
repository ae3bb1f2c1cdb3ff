import Files
import Foundation
import GRDB

extension Ledger {
    /// How many files stand where.
    package struct Counts: Equatable, Sendable {
        package var received = 0
        package var claimed = 0
        package var waiting = 0
        package var published = 0
        package var failed = 0
        package var quarantined = 0
        package var skipped = 0

        package init() {}

        /// Files with work still to be done.
        package var pending: Int { received + claimed + waiting }
    }

    /// Counts the files by state, without looking at each.
    package func counts() throws -> Counts {
        try read { database in
            var counts = Counts()
            for row in try Row.fetchAll(database, sql: "SELECT state, count FROM tally") {
                let count: Int = row["count"]
                switch Job.Code(rawValue: row["state"]) {
                case .received: counts.received = count
                case .claimed: counts.claimed = count
                case .waiting: counts.waiting = count
                case .published: counts.published = count
                case .failed: counts.failed = count
                case .quarantined: counts.quarantined = count
                case .skipped: counts.skipped = count
                case nil: break
                }
            }
            return counts
        }
    }

    /// When the oldest file with work still to be done arrived; nil where there is none.
    package func oldestPending() throws -> Date? {
        try read { database in
            try Double.fetchOne(
                database,
                sql: "SELECT arrival FROM job INDEXED BY job_pending WHERE state <= 2 ORDER BY arrival LIMIT 1")
        }
        .map(Date.init(timeIntervalSince1970:))
    }

    /// The files that failed or are quarantined, the latest first.
    package func failures(limit: Int = 100) throws -> [Job] {
        try fetch("SELECT * FROM job WHERE state >= 4 AND state <= 5 ORDER BY updated DESC LIMIT ?", [limit])
    }

    /// The files that wait for another try, the next one first.
    package func waiting(limit: Int = 100) throws -> [Job] {
        try fetch("SELECT * FROM job WHERE state = 2 ORDER BY next_try LIMIT ?", [limit])
    }

    /// The files whose next try is due, the longest due first.
    package func due(at now: Date = Date(), limit: Int = 1000) throws -> [Job] {
        // A time further away than any wait comes from a clock that was set back since.
        try fetch(
            "SELECT * FROM job WHERE state = 2 AND (next_try <= ? OR next_try > ?) ORDER BY next_try LIMIT ?",
            [now.timeIntervalSince1970, (now + policy.longestSeconds).timeIntervalSince1970, limit])
    }

    /// The files that are being worked on, or were and are to be tried again.
    package func begun() throws -> [Job] {
        try fetch(
            """
            SELECT * FROM job WHERE state <= 2 AND (state = 1 OR (content IS NOT NULL AND is_current = 0))
            ORDER BY updated
            """, [])
    }

    /// What is known of a file.
    package func job(_ path: RelativePath) throws -> Job? {
        try read { try Self.job(path, $0) }
    }

    /// Whether a result in the outbox is on record for other files, and not for this one.
    package func isResult(_ result: RelativePath, ofOtherThan path: RelativePath) throws -> Bool {
        try read { database in
            try Bool.fetchOne(
                database, sql: "SELECT max(path = ?) FROM job WHERE result = ?", arguments: [path.data, result.data])
        } == false
    }

    /// Bytes that may still be written to the ledger's file system.
    package func freeSpace() throws -> Int64 {
        let folder = try Folder((path as NSString).deletingLastPathComponent)
        return try folder.descriptor.freeSpace(folder.path)
    }

    private func fetch(_ sql: String, _ arguments: StatementArguments) throws -> [Job] {
        try read { try Row.fetchAll($0, sql: sql, arguments: arguments).map(Job.init(row:)) }
    }
}
