import Files
import Foundation
import GRDB

/// The jobs of a SQLite file within a transaction.
struct SQLiteJobTable: MutableJobTable {
    let database: Database

    func job(_ path: RelativePath) throws -> Job? {
        try Job.fetchOne(statement("SELECT * FROM job WHERE path = ?"), arguments: [path.data])
    }

    func job(holding identity: WorkIdentity) throws -> Job? {
        let sql = """
            SELECT * FROM job WHERE is_current = 1 AND content = ? AND model = ? AND settings = ? ORDER BY id LIMIT 1
            """
        return try Job.fetchOne(
            statement(sql), arguments: [Data(identity.content.bytes), identity.model, identity.settings])
    }

    func jobs(at result: RelativePath) throws -> [Job] {
        try fetch("SELECT * FROM job WHERE result = ? ORDER BY id", [result.data])
    }

    func begun() throws -> [Job] {
        try fetch(
            """
            SELECT * FROM job WHERE state <= 2 AND (state = 1 OR (content IS NOT NULL AND is_current = 0))
            ORDER BY updated, id
            """)
    }

    func waiting(until time: Date, orAfter horizon: Date, limit: Int) throws -> [Job] {
        try fetch(
            "SELECT * FROM job WHERE state = 2 AND (next_try <= ? OR next_try > ?) ORDER BY next_try, id LIMIT ?",
            [time.timeIntervalSince1970, horizon.timeIntervalSince1970, limit])
    }

    func failures(limit: Int) throws -> [Job] {
        try fetch("SELECT * FROM job WHERE state >= 4 AND state <= 5 ORDER BY updated DESC, id DESC LIMIT ?", [limit])
    }

    func retriable() throws -> [Job] {
        try fetch("SELECT * FROM job WHERE state IN (2, 4, 5) ORDER BY updated, id")
    }

    func pending(after place: Int64?, limit: Int) throws -> [(place: Int64, path: RelativePath)] {
        let page = try Row.fetchAll(
            statement("SELECT id, path FROM job WHERE state <= 2 AND id > ? ORDER BY id LIMIT ?"),
            arguments: [place ?? -1, limit])
        let files: [(place: Int64, path: RelativePath)] = page.compactMap { row in
            RelativePath(bytes: Array(row["path"] as Data)).map { (row["id"], $0) }
        }
        // A page of damaged paths alone is not the last one.
        if files.isEmpty, let last = page.last { return try pending(after: last["id"], limit: limit) }
        return files
    }

    func oldestPending() throws -> Date? {
        let sql = "SELECT arrival FROM job INDEXED BY job_pending WHERE state <= 2 ORDER BY arrival LIMIT 1"
        return try Double.fetchOne(statement(sql)).map(Date.init(timeIntervalSince1970:))
    }

    func counts() throws -> JobCounts {
        var counts = JobCounts()
        // Triggers keep the tally, so that nothing is counted here.
        for row in try Row.fetchAll(statement("SELECT state, count FROM tally")) {
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

    func isNoted(_ note: JobNote) throws -> Bool {
        try String.fetchOne(statement("SELECT value FROM note WHERE name = ?"), arguments: [note.rawValue]) != nil
    }

    // MARK: Changes

    private static let put = """
        INSERT INTO job (\(Job.columns.joined(separator: ", ")))
        VALUES (\(Job.columns.map { _ in "?" }.joined(separator: ", ")))
        ON CONFLICT (path) DO UPDATE SET
        \(Job.columns.dropFirst().map { "\($0) = excluded.\($0)" }.joined(separator: ", "))
        """

    func put(_ job: Job) throws {
        try statement(Self.put).execute(arguments: job.columnValues)
    }

    func remove(_ path: RelativePath) throws {
        try statement("DELETE FROM job WHERE path = ?").execute(arguments: [path.data])
    }

    func note(_ note: JobNote) throws {
        try statement("INSERT OR REPLACE INTO note (name, value) VALUES (?, 'yes')").execute(arguments: [note.rawValue])
    }

    private func statement(_ sql: String) throws -> Statement {
        try database.cachedStatement(sql: sql)
    }

    private func fetch(_ sql: String, _ arguments: StatementArguments = []) throws -> [Job] {
        try Job.fetchAll(statement(sql), arguments: arguments)
    }
}
