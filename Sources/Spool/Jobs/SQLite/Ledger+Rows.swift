import Files
import Foundation
import GRDB

extension Ledger {
    /// What an event changes in a row beside the state.
    struct Update: Equatable {
        var stamp: FileStamp
        var sidecars: SidecarStamp?
        var arrival: Date
        var identity: WorkIdentity?
        var result: RelativePath?
        var isResultCurrent: Bool
    }

    static func job(_ path: RelativePath, _ database: Database) throws -> Job? {
        let statement = try database.cachedStatement(sql: "SELECT * FROM job WHERE path = ?")
        return try Row.fetchOne(statement, arguments: [path.data]).map(Job.init(row:))
    }

    static func existing(_ path: RelativePath, _ database: Database) throws -> Job {
        guard let job = try job(path, database) else { throw FileError.missing(path: "\(path)") }
        return job
    }

    static func withdraw(_ path: RelativePath, _ database: Database) throws {
        try database.execute(
            sql: "DELETE FROM job WHERE path = ? AND state <= 2 AND result IS NULL", arguments: [path.data])
        try database.execute(
            sql: "UPDATE job SET state = 3, next_try = NULL, reason = NULL WHERE path = ? AND state <= 2",
            arguments: [path.data])
    }

    /// Moves a job on by an event and writes its row.
    func advance(
        _ job: Job, _ event: JobEvent, _ now: Date, _ database: Database, change: (inout Update) -> Void = { _ in }
    ) throws -> Step {
        let before = JobMachine(state: job.state, attempts: job.attempts, deaths: job.deaths, policy: policy)
        var machine = before
        let action = machine.handle(event, at: now)
        let known = Update(
            stamp: job.stamp, sidecars: job.sidecars, arrival: job.arrival, identity: job.identity,
            result: job.result, isResultCurrent: job.isResultCurrent)
        var update = known
        change(&update)
        if machine == before && update == known { return Step(job: job, action: action) }
        let statement = try database.cachedStatement(
            sql: """
                UPDATE job SET device = ?, inode = ?, size = ?, modified = ?, sidecars = ?, arrival = ?, state = ?,
                attempts = ?, deaths = ?, next_try = ?, reason = ?, content = ?, model = ?, settings = ?, result = ?,
                is_current = ?, updated = ?
                WHERE path = ?
                """)
        try statement.execute(
            arguments: [
                Int64(bitPattern: update.stamp.device), Int64(bitPattern: update.stamp.inode), update.stamp.size,
                update.stamp.modified, update.sidecars?.digest, update.arrival.timeIntervalSince1970,
                machine.state.code.rawValue, machine.attempts, machine.deaths, machine.state.nextTry,
                machine.state.reason,
                update.identity.map { Data($0.content.bytes) }, update.identity?.model, update.identity?.settings,
                update.result?.data, update.isResultCurrent, now.timeIntervalSince1970, job.path.data,
            ])
        return Step(job: try Self.existing(job.path, database), action: action)
    }
}
