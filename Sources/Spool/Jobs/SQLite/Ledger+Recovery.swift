import Files
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
    /// here, so that its content is hashed and found to be done. A result that cannot be read is looked for again when the
    /// file it was made from arrives.
    ///
    /// - Parameter unreadable: Gets the error of each folder and result that cannot be read.
    @discardableResult
    package func rebuild(
        from publisher: Publisher, at now: Date = Date(), unreadable: (any Error) -> Void
    ) throws -> Int {
        var count = 0
        var batch: [PublishedResult] = []
        func flush() throws {
            try write { database in
                for result in batch { try Self.insert(result, now, database) }
            }
            count += batch.count
            batch = []
        }
        try publisher.forEachResult(unreadable: unreadable) { result in
            batch.append(result)
            if batch.count == Self.batch { try flush() }
        }
        try flush()
        try write { try $0.execute(sql: "INSERT OR REPLACE INTO note (name, value) VALUES ('rebuilt', 'yes')") }
        return count
    }

    /// Takes stock after a start, before the intake runs.
    ///
    /// Files that a process had claimed when it died are done, queued again or quarantined; others that were begun and
    /// not finished are done where their result lies in the outbox; files that have left the inbox are forgotten.
    ///
    /// - Parameters:
    ///   - publisher: Where to look for results; what is found there counts as published.
    ///   - inbox: Where to look for the files.
    /// - Returns: What became of the files that were claimed or found to be done. The quarantined ones are to be set
    ///   aside; all others come again through the intake.
    package func recover(publisher: Publisher, inbox: Folder, at now: Date = Date()) throws -> [Step] {
        let begun = try begun()
        // One that cannot be read is looked for again when the file's turn comes.
        let found = begun.map { job in
            job.identity.flatMap { try? publisher.find(source: job.path, identity: $0) }
        }
        let steps = try write { database in
            try zip(begun, found).compactMap { job, result -> Step? in
                guard let result else {
                    return job.state == .claimed ? try self.advance(job, .processDied, now, database) : nil
                }
                // The file may have been replaced since it was claimed: its next arrival is to be looked into.
                let step = try self.advance(job, .published(isCurrent: true), now, database) {
                    $0.stamp = .unknown
                    $0.result = result
                    $0.isResultCurrent = true
                }
                if let identity = job.identity {
                    try self.displace(from: result, by: job.path, as: identity, now, database)
                }
                return Step(job: step.job, action: .leave)
            }
        }
        try forgetMissing(inbox)
        return steps
    }

    private func forgetMissing(_ inbox: Folder) throws {
        var last: Int64 = -1
        while true {
            let rows = try read {
                try Row.fetchAll(
                    $0, sql: "SELECT id, path FROM job WHERE state <= 2 AND id > ? ORDER BY id LIMIT ?",
                    arguments: [last, Self.batch])
            }
            guard let end = rows.last else { return }
            last = end["id"]
            let paths = rows.compactMap { RelativePath(bytes: Array($0["path"] as Data)) }
            let missing = try paths.filter { try !inbox.hasFile($0) }
            if !missing.isEmpty { try withdraw(missing) }
        }
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
