import Files
import Foundation

extension JobStore {
    /// Marks a file as being worked on; nil where it is worked on already, done or unknown.
    package func claim(_ path: RelativePath, at now: Date = Date()) throws -> Job? {
        try write { table in
            guard let job = try table.job(path) else { return nil }
            switch job.state {
            case .received, .waiting: return try table.advance(job, by: .claimed, policy, at: now).job
            case .claimed, .published, .skipped, .failed, .quarantined: return nil
            }
        }
    }

    /// Records the work that a claimed file asks for, and says whether it was done before.
    ///
    /// The caller makes sure that a result of another path still lies in the outbox before it relies on it.
    package func identify(_ path: RelativePath, as identity: WorkIdentity) throws -> PriorWork {
        try write { table in
            var job = try table.existing(path)
            if job.identity == identity, job.isResultCurrent, let result = job.result {
                return .published(result: result)
            }
            if job.isResultCurrent, let past = job.identity, past.content != identity.content, let result = job.result {
                try table.put(PastResult(source: path, identity: past, result: result))
            }
            job.identity = identity
            job.isResultCurrent = false
            try table.put(job)
            if let twin = try table.job(holding: identity), let result = twin.result {
                return .duplicate(of: twin.path, result: result)
            }
            guard let past = try table.past(holding: identity, besides: path) else { return .new }
            return .duplicate(of: past.source, result: past.result)
        }
    }

    /// Asks for another try of the files whose result, that of the same work elsewhere, was replaced.
    ///
    /// - Parameters:
    ///   - result: The folder in the outbox that was replaced.
    ///   - path: The file whose result lies there now.
    ///   - identity: The work of that result.
    package func displace(
        from result: RelativePath, by path: RelativePath, as identity: WorkIdentity, at now: Date = Date()
    ) throws -> [Job] {
        try write { try displace(from: result, by: path, as: identity, at: now, $0) }
    }

    @discardableResult
    func displace(
        from result: RelativePath, by path: RelativePath, as identity: WorkIdentity, at now: Date,
        _ table: any MutableJobTable
    ) throws -> [Job] {
        try table.jobs(at: result)
            .filter { $0.path != path && $0.state == .published && $0.identity != nil && $0.identity != identity }
            .map { try table.advance($0, by: .retried, policy, at: now) { $0.isResultCurrent = false }.job }
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
    ) throws -> JobStep {
        try advance(path, at: now, by: { .published(isCurrent: $0.isOf(stamp, sidecars)) }) {
            $0.identity = identity
            $0.result = result
            $0.isResultCurrent = true
        }
    }

    /// Records that a claimed file is left alone.
    package func skipped(
        _ path: RelativePath, stamp: FileStamp, sidecars: SidecarStamp? = nil, reason: String, at now: Date = Date()
    ) throws -> JobStep {
        try advance(path, at: now, by: { .skipped(reason: reason, isCurrent: $0.isOf(stamp, sidecars)) })
    }

    /// Records that a claimed file failed for a reason that may pass.
    package func failedForNow(_ path: RelativePath, reason: String, at now: Date = Date()) throws -> JobStep {
        try advance(path, at: now, by: { _ in .failedForNow(reason: reason) })
    }

    /// Records that a claimed file failed for a reason of its own.
    package func failedForGood(
        _ path: RelativePath, stamp: FileStamp, sidecars: SidecarStamp? = nil, reason: String, at now: Date = Date()
    ) throws -> JobStep {
        try advance(path, at: now, by: { .failedForGood(reason: reason, isCurrent: $0.isOf(stamp, sidecars)) })
    }

    /// Records that workers on other machines died over a claimed file as often as they may.
    package func quarantined(
        _ path: RelativePath, stamp: FileStamp, sidecars: SidecarStamp? = nil, reason: String, at now: Date = Date()
    ) throws -> JobStep {
        try advance(path, at: now, by: { .quarantined(reason: reason, isCurrent: $0.isOf(stamp, sidecars)) })
    }

    /// Gives a claimed file back untried: the disk is full, the process stops, or the file was not whole yet.
    package func putBack(_ path: RelativePath, at now: Date = Date()) throws -> JobStep {
        try advance(path, at: now, by: { _ in .putBack })
    }

    /// Gives a file back as `putBack` does if it is still claimed; nil where it is unknown.
    package func putBackIfKnown(_ path: RelativePath, at now: Date = Date()) throws -> JobStep? {
        try write { table in
            try table.job(path).map { try table.advance($0, by: .putBack, policy, at: now) }
        }
    }

    /// Moves the job of a file on by an event that may depend on the job.
    private func advance(
        _ path: RelativePath, at now: Date, by event: (Job) -> JobEvent, change: (inout Job) -> Void = { _ in }
    ) throws -> JobStep {
        try write { table in
            let job = try table.existing(path)
            return try table.advance(job, by: event(job), policy, at: now, change: change)
        }
    }
}
