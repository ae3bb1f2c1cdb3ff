import Foundation
import GRDB

extension Ledger {
    private static let batch = 1000

    /// Whether the ledger is new and knows nothing yet of the results in the outbox.
    package func needsRebuild() throws -> Bool {
        try read { try String.fetchOne($0, sql: "SELECT value FROM note WHERE name = 'rebuilt'") } == nil
    }

    /// Records every result that lies in the outbox, and returns their number.
    ///
    /// The files of the inbox are left to the intake: the first arrival of each differs from the stamp that is recorded
    /// here, so that its content is hashed and found to be done.
    @discardableResult
    package func rebuild(from publisher: Publisher, at now: Date = Date()) throws -> Int {
        var count = 0
        var batch: [PublishedResult] = []
        func flush() throws {
            try write { database in
                for result in batch { try Self.insert(result, now, database) }
            }
            count += batch.count
            batch = []
        }
        try publisher.forEachResult { result in
            batch.append(result)
            if batch.count == Self.batch { try flush() }
        }
        try flush()
        try write { try $0.execute(sql: "INSERT OR REPLACE INTO note (name, value) VALUES ('rebuilt', 'yes')") }
        return count
    }

    private static func insert(_ result: PublishedResult, _ now: Date, _ database: Database) throws {
        try database.execute(
            sql: """
                INSERT INTO job (path, device, inode, size, modified, arrival, state, content, model, settings, result,
                is_current, updated) VALUES (?, 0, 0, -1, 0, ?, ?, ?, ?, ?, ?, 1, ?) ON CONFLICT (path) DO NOTHING
                """,
            arguments: [
                result.source.data, now.timeIntervalSince1970, Job.Code.published.rawValue,
                Data(result.identity.content.bytes), result.identity.model, result.identity.settings,
                result.path.data, now.timeIntervalSince1970,
            ])
    }
}
