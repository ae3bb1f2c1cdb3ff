import Files
import Digest
import Foundation
import GRDB

extension Ledger {
    /// A job as it stands after an event, and what is to be done.
    package struct Step: Equatable, Sendable {
        package let job: Job
        package let action: JobAction
    }

    /// Whether some work was done before.
    package enum Standing: Equatable, Sendable {
        /// It was not.
        case new
        /// The same content at the same path has this result.
        case published(result: RelativePath)
        /// The same content at another path has this result.
        case duplicate(of: RelativePath, result: RelativePath)
    }

    /// Records files that the intake has delivered, in one transaction, and says for each what is to be done.
    ///
    /// - Returns: One step for each candidate, in their order.
    package func receive(_ candidates: [Candidate], at now: Date = Date()) throws -> [Step] {
        try write { database in
            try candidates.map { candidate in
                if let job = try Self.job(candidate.path, database) {
                    let isChanged = !job.isOf(candidate.stamp, candidate.sidecars)
                    return try self.advance(job, .arrived(isChanged: isChanged), now, database) { update in
                        update.stamp = candidate.stamp
                        update.sidecars = candidate.sidecars
                        if isChanged { update.arrival = candidate.arrival }
                    }
                }
                let insertion = try database.cachedStatement(
                    sql: """
                        INSERT INTO job (path, device, inode, size, modified, sidecars, arrival, state, updated)
                        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
                        """)
                try insertion.execute(
                    arguments: [
                        candidate.path.data, Int64(bitPattern: candidate.stamp.device),
                        Int64(bitPattern: candidate.stamp.inode), candidate.stamp.size, candidate.stamp.modified,
                        candidate.sidecars.digest, candidate.arrival.timeIntervalSince1970, Job.Code.received.rawValue,
                        now.timeIntervalSince1970,
                    ])
                return Step(job: try Self.existing(candidate.path, database), action: .enqueue)
            }
        }
    }

    /// Marks a file as being worked on; nil where there is nothing to do with it, since it is worked on, done or gone.
    package func claim(_ path: RelativePath, at now: Date = Date()) throws -> Job? {
        try write { database in
            guard let job = try Self.job(path, database) else { return nil }
            switch job.state {
            case .received, .waiting: return try self.advance(job, .claimed, now, database).job
            case .claimed, .published, .skipped, .failed, .quarantined: return nil
            }
        }
    }

    /// Records what a claimed file's work is, and says whether it was done before.
    ///
    /// The caller makes sure that a result of another path still lies in the outbox before it relies on it.
    package func identify(_ path: RelativePath, as identity: WorkIdentity) throws -> Standing {
        try write { database in
            let job = try Self.existing(path, database)
            if job.identity == identity, job.isResultCurrent, let result = job.result {
                return .published(result: result)
            }
            try database.execute(
                sql: "UPDATE job SET content = ?, model = ?, settings = ?, is_current = 0 WHERE path = ?",
                arguments: [Data(identity.content.bytes), identity.model, identity.settings, path.data])
            let twin = try Row.fetchOne(
                database,
                sql: """
                    SELECT * FROM job WHERE is_current = 1 AND content = ? AND model = ? AND settings = ?
                    ORDER BY id LIMIT 1
                    """,
                arguments: [Data(identity.content.bytes), identity.model, identity.settings])
            guard let twin = try twin.map(Job.init(row:)), let result = twin.result else { return .new }
            return .duplicate(of: twin.path, result: result)
        }
    }

    /// Asks for another try of the files whose result, that of the same work elsewhere, was replaced.
    ///
    /// - Parameters:
    ///   - result: The folder in the outbox that was replaced.
    ///   - path: The file whose result lies there now.
    ///   - identity: What that result is of.
    package func displace(
        from result: RelativePath, by path: RelativePath, as identity: WorkIdentity, at now: Date = Date()
    ) throws -> [Job] {
        try write { try self.displace(from: result, by: path, as: identity, now, $0) }
    }

    @discardableResult
    func displace(
        from result: RelativePath, by path: RelativePath, as identity: WorkIdentity, _ now: Date, _ database: Database
    ) throws -> [Job] {
        let rows = try Row.fetchAll(
            database,
            sql: """
                SELECT * FROM job WHERE result = ? AND path <> ? AND state = ?
                AND (content <> ? OR model <> ? OR settings <> ?)
                """,
            arguments: [
                result.data, path.data, Job.Code.published.rawValue, Data(identity.content.bytes), identity.model,
                identity.settings,
            ])
        return try rows.map { row in
            try advance(Job(row: row), .retried, now, database) { $0.isResultCurrent = false }.job
        }
    }

    /// Records that a claimed file's result lies in the outbox.
    ///
    /// - Parameters:
    ///   - stamp: The file that was worked on; where another has taken its name since, that one is queued.
    ///   - sidecars: Those that held for it; where they have changed since, it is queued again.
    ///   - result: The result's folder in the outbox.
    package func published(
        _ path: RelativePath, stamp: FileStamp, sidecars: SidecarStamp? = nil, as identity: WorkIdentity,
        result: RelativePath, at now: Date = Date()
    ) throws -> Step {
        try write { database in
            let job = try Self.existing(path, database)
            let isCurrent = job.isOf(stamp, sidecars)
            return try self.advance(job, .published(isCurrent: isCurrent), now, database) { update in
                update.identity = identity
                update.result = result
                update.isResultCurrent = true
            }
        }
    }

    /// Records that a claimed file is left alone.
    package func skipped(
        _ path: RelativePath, stamp: FileStamp, sidecars: SidecarStamp? = nil, reason: String, at now: Date = Date()
    ) throws -> Step {
        try write { database in
            let job = try Self.existing(path, database)
            let isCurrent = job.isOf(stamp, sidecars)
            return try self.advance(job, .skipped(reason: reason, isCurrent: isCurrent), now, database)
        }
    }

    /// Records that a claimed file failed for a reason that may pass.
    package func failedForNow(_ path: RelativePath, reason: String, at now: Date = Date()) throws -> Step {
        try write { try self.advance(Self.existing(path, $0), .failedForNow(reason: reason), now, $0) }
    }

    /// Records that a claimed file failed for a reason of its own.
    package func failedForGood(
        _ path: RelativePath, stamp: FileStamp, sidecars: SidecarStamp? = nil, reason: String, at now: Date = Date()
    ) throws -> Step {
        try write { database in
            let job = try Self.existing(path, database)
            let isCurrent = job.isOf(stamp, sidecars)
            return try self.advance(job, .failedForGood(reason: reason, isCurrent: isCurrent), now, database)
        }
    }

    /// Gives a claimed file back untried: the disk is full, the process stops, or the file was not whole yet.
    package func putBack(_ path: RelativePath, at now: Date = Date()) throws -> Step {
        try write { try self.advance(Self.existing(path, $0), .putBack, now, $0) }
    }

    /// Gives a file back as `putBack` does if it is still claimed; nil where nothing is known of it.
    package func settle(_ path: RelativePath, at now: Date = Date()) throws -> Step? {
        try write { database in
            try Self.job(path, database).map { try self.advance($0, .putBack, now, database) }
        }
    }

    /// Records that a failed file was moved out of the inbox, so that whatever comes under its name is tried.
    package func movedAside(_ path: RelativePath) throws {
        try write { database in
            let job = try Self.existing(path, database)
            guard !job.state.isPending else { return }
            let stamp = FileStamp.unknown
            try database.execute(
                sql: "UPDATE job SET device = 0, inode = 0, size = ?, modified = ? WHERE path = ?",
                arguments: [stamp.size, stamp.modified, path.data])
        }
    }

    /// Forgets files that left the inbox before their work was done; what was done stays on record.
    package func withdraw(_ paths: [RelativePath]) throws {
        try write { database in
            for path in paths { try Self.withdraw(path, database) }
        }
    }

    /// Asks for another try of files that failed or are done; of all that failed where no path is given.
    package func retry(_ paths: [RelativePath]? = nil, at now: Date = Date()) throws -> [Job] {
        try write { database in
            let jobs =
                try paths.map { try $0.compactMap { try Self.job($0, database) } }
                ?? Row.fetchAll(database, sql: "SELECT * FROM job WHERE state IN (2, 4, 5) ORDER BY updated")
                .map(Job.init(row:))
            return try jobs.map { try self.advance($0, .retried, now, database).job }
        }
    }
}

extension RelativePath {
    var data: Data { Data(bytes) }
}
