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

    func past(holding identity: WorkIdentity, besides path: RelativePath) throws -> PastResult? {
        let sql = """
            SELECT path, result FROM past_result
            WHERE content = ? AND model = ? AND settings = ? AND path <> ? ORDER BY path LIMIT 1
            """
        let row = try Row.fetchOne(
            statement(sql),
            arguments: [Data(identity.content.bytes), identity.model, identity.settings, path.data])
        guard let row, let source = RelativePath(bytes: Array(row["path"] as Data)),
            let result = RelativePath(bytes: Array(row["result"] as Data))
        else { return nil }
        return PastResult(source: source, identity: identity, result: result)
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

    /// Results that several files have are found in an index alone; of the table, only what is left alone is read.
    static let leftAlone = """
        WITH shared AS (SELECT result FROM job WHERE result IS NOT NULL GROUP BY result HAVING count(*) > 1)
        SELECT * FROM job WHERE id IN (
            SELECT id FROM job WHERE state >= 4 AND state = 6
            UNION ALL
            SELECT later.id FROM shared CROSS JOIN job AS later ON later.result = shared.result
            WHERE later.state = 3 AND EXISTS (
                SELECT 1 FROM job AS other
                WHERE other.result = later.result AND other.id < later.id AND other.state = 3))
        ORDER BY updated DESC, id DESC LIMIT ?
        """

    func leftAlone(limit: Int) throws -> [Job] { try fetch(Self.leftAlone, [limit]) }

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

    func pending(limit: Int) throws -> [Job] {
        try fetch("SELECT * FROM job WHERE state <= 2 ORDER BY id LIMIT ?", [limit])
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

    func unfinished(below folder: RelativePath) throws -> (pending: Int, failed: Int) {
        // All paths that begin with the folder's name and a slash; the sign after the slash ends them.
        let name = folder.isRoot ? [] : folder.bytes
        let first = folder.isRoot ? Data() : Data(name + [UInt8(ascii: "/")])
        let end = folder.isRoot ? Data([0xFF, 0xFF]) : Data(name + [UInt8(ascii: "/") + 1])
        func count(_ index: String, _ states: String) throws -> Int {
            // Few jobs are not over, and those of a folder may be many.
            let sql = "SELECT count(*) FROM job INDEXED BY \(index) WHERE \(states) AND path >= ? AND path < ?"
            return try Int.fetchOne(statement(sql), arguments: [first, end]) ?? 0
        }
        return (try count("job_pending", "state <= 2"), try count("job_ended_badly", "state >= 4 AND state <= 5"))
    }

    func isNoted(_ note: JobNote) throws -> Bool {
        try String.fetchOne(statement("SELECT value FROM note WHERE name = ?"), arguments: [note.rawValue]) != nil
    }

    func extent() throws -> JournalExtent? {
        // A file that an older program made has no such table while it is only looked at.
        guard try database.tableExists("event"),
            let journal = try String.fetchOne(statement("SELECT value FROM note WHERE name = 'journal'"))
        else { return nil }
        let last = try Int64.fetchOne(statement("SELECT seq FROM sqlite_sequence WHERE name = 'event'")) ?? 0
        let first = try Int64.fetchOne(statement("SELECT min(number) FROM event")) ?? last + 1
        return JournalExtent(journal: journal, first: first, last: last)
    }

    func events(after number: Int64, limit: Int) throws -> [(number: Int64, event: Event)] {
        let decoder = JSONDecoder()
        decoder.dateDecodingStrategy = .secondsSince1970
        return try Row.fetchAll(
            statement("SELECT number, document FROM event WHERE number > ? ORDER BY number LIMIT ?"),
            arguments: [number, limit]
        ).map { row in
            (row["number"], try decoder.decode(Event.self, from: Data((row["document"] as String).utf8)))
        }
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

    func put(_ past: PastResult) throws {
        let sql = """
            INSERT OR REPLACE INTO past_result (content, model, settings, path, result) VALUES (?, ?, ?, ?, ?)
            """
        try statement(sql).execute(
            arguments: [
                Data(past.identity.content.bytes), past.identity.model, past.identity.settings, past.source.data,
                past.result.data,
            ])
    }

    func remove(_ path: RelativePath) throws {
        try statement("DELETE FROM job WHERE path = ?").execute(arguments: [path.data])
    }

    func note(_ note: JobNote) throws {
        try statement("INSERT OR REPLACE INTO note (name, value) VALUES (?, 'yes')").execute(arguments: [note.rawValue])
    }

    func append(_ event: Event) throws {
        let encoder = JSONEncoder()
        encoder.dateEncodingStrategy = .secondsSince1970
        let document = String(decoding: try encoder.encode(event), as: UTF8.self)
        try statement("INSERT INTO event (document) VALUES (?)").execute(arguments: [document])
    }

    func dropEvents(through number: Int64) throws {
        try statement("DELETE FROM event WHERE number <= ?").execute(arguments: [number])
    }

    private func statement(_ sql: String) throws -> Statement {
        try database.cachedStatement(sql: sql)
    }

    private func fetch(_ sql: String, _ arguments: StatementArguments = []) throws -> [Job] {
        try Job.fetchAll(statement(sql), arguments: arguments)
    }
}
