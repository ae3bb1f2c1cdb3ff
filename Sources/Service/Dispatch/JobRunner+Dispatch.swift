import Digest
import Files
import Foundation
import Spool

extension JobRunner {
    /// Times that a reported result is looked for, and the pause between them: another machine's folder may show late.
    private static let looks = (count: 25, microseconds: UInt32(200_000))

    /// Gives a file's work to other machines; in the ledger the file waits as before.
    func dispatch(_ work: Work, by coordinator: Coordinator) throws {
        try registry.advance(work.token, to: .publishing)
        try spool.publisher.requireSpace(work.request.resultBytes)
        let order = WorkOrder(
            version: Program.version, path: work.path, root: spool.inbox.path, size: work.candidate.stamp.size,
            identity: work.identity, settings: work.configuration.coloringText)
        try coordinator.give(order, for: work.candidate)
        // Not claimed: the end of this process says nothing against the photograph.
        _ = try spool.jobs.putBack(work.path)
        pending.hold(coordinator.heldOrigins)
    }

    /// Does what the report on an order calls for.
    func conclude(_ report: WorkReport, by coordinator: Coordinator) {
        let waiting = coordinator.end(report.identity)
        photographs.take(report.identity.content) {
            let own = waiting.first { $0.path == report.path } ?? knownCandidate(report)
            if let own { attempt(own) { try conclude(report, own, $0) } }
        }
        // What waited under another name finds the result now, or is given anew.
        for other in waiting where other.path != report.path { pending.push(other) }
        for candidate in waiting { pending.finish(candidate) }
        pending.hold(coordinator.heldOrigins)
    }

    /// The file that an earlier process has given an order for.
    private func knownCandidate(_ report: WorkReport) -> Candidate? {
        guard let job = try? spool.jobs.job(report.path), job.identity == report.identity else { return nil }
        return job.candidate
    }

    private func conclude(_ report: WorkReport, _ candidate: Candidate, _ job: Job) throws -> JobStep? {
        let path = candidate.path
        switch report.outcome {
        case .published: return try recordForeignResult(report.identity, candidate, job)
        case .died(let times):
            return try spool.jobs.quarantined(
                path, stamp: candidate.stamp, sidecars: candidate.sidecars,
                reason: "workers died \(times) times while it was worked on")
        case .skipped(let reason): try resolve(.skipped(reason), candidate, job)
        case .incomplete(let reason): try resolve(.incomplete(reason), candidate, job)
        case .failedForNow(let reason): try resolve(.temporary(reason), candidate, job)
        case .failedForGood(let reason): try resolve(.permanent(reason), candidate, job)
        case .gone(let reason): try resolve(.gone(reason), candidate, job)
        }
        return nil
    }

    /// Records the result that a worker has published, in the place of an older one if there is one.
    private func recordForeignResult(_ identity: WorkIdentity, _ candidate: Candidate, _ job: Job) throws -> JobStep {
        let path = candidate.path
        _ = try spool.jobs.identify(path, as: identity)
        let result = try promoted(try awaitResult(of: path, identity), of: path, identity, previous: job.result)
        logger.info("\(path): in \(result)")
        return try spool.jobs.published(
            path, stamp: candidate.stamp, sidecars: candidate.sidecars, as: identity, result: result)
    }

    private func awaitResult(of path: RelativePath, _ identity: WorkIdentity) throws -> RelativePath {
        for look in 1...Self.looks.count {
            if let result = try spool.publisher.find(source: path, identity: identity) { return result }
            if look < Self.looks.count { usleep(Self.looks.microseconds) }
        }
        throw FileError.missing(path: spool.publisher.outbox.display(path) + ": a result that was reported")
    }

    /// Where a result lies once it has the place of the older one of its file.
    func promoted(
        _ result: RelativePath, of path: RelativePath, _ identity: WorkIdentity, previous: RelativePath?
    ) throws -> RelativePath {
        let (place, remarks) = try spool.publisher.promote(
            result, of: path, content: identity.content, previous: previous,
            replacesOther: configuration.originals == .keep)
        for remark in remarks { logger.notice("\(path): \(remark)") }
        try requeueDisplaced(by: place, of: path, identity)
        return place
    }
}

extension Configuration {
    /// The colouring's settings that differ from the defaults, as lines of YAML.
    var coloringText: String {
        let defaults = Configuration()
        return Setting.coloring.filter { $0.text(self) != $0.text(defaults) }.map { "\($0.key): \($0.text(self))\n" }
            .joined()
    }
}
