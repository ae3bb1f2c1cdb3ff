import Files
import Foundation
import Spool

extension JobRunner {
    /// Records the error that ended a file's work, and does what it calls for.
    func resolve(_ error: ErrorClass, _ candidate: Candidate, _ job: Job) throws {
        let path = candidate.path
        switch error {
        case .skipped(let reason):
            logger.info("\(path): left alone: \(reason)")
            _ = try spool.jobs.skipped(
                path, stamp: candidate.stamp, sidecars: candidate.sidecars, reason: reason)
        case .incomplete(let reason):
            // Before the intake may deliver it again.
            _ = try spool.jobs.putBack(path)
            growing.withLock { _ = $0.insert(path) }
            if spool.intake.notReady(candidate) {
                incomplete.add(1, ordering: .relaxed)
                logger.debug("\(path): not whole yet: \(reason)")
            } else {
                growing.withLock { _ = $0.remove(path) }
                try fail(path, candidate, reason)
            }
        case .temporary(let reason):
            failures.add(1, ordering: .relaxed)
            logger.warning("\(path): \(reason); it will be tried again")
            perform(try spool.jobs.failedForNow(path, reason: reason))
        case .noSpace(let reason):
            logger.warning("paused: \(reason)")
            pending.pause(reason)
            perform(try spool.jobs.putBack(path))
        case .gone(let reason): try resolveLoss(candidate, job, reason)
        case .abandoned:
            failures.add(1, ordering: .relaxed)
            _ = try spool.jobs.putBack(path)
        case .permanent(let reason):
            try fail(path, candidate, reason)
        }
    }

    /// Finds out whether the photograph is gone, was replaced, or lacks something else, such as the outbox.
    private func resolveLoss(_ candidate: Candidate, _ job: Job, _ reason: String) throws {
        let path = candidate.path
        let found = try spool.inbox.status(path)
        if found?.stamp.matches(candidate.stamp) == true {
            return try resolve(.temporary(reason), candidate, job)
        }
        logger.info("\(path): \(found == nil ? "gone" : "replaced") while it was worked on")
        let step = try spool.jobs.putBack(path)
        // The intake may have delivered the other file already.
        if !step.job.stamp.matches(candidate.stamp), found?.stamp.matches(step.job.stamp) == true {
            return perform(step)
        }
        try spool.jobs.withdraw([path])
        spool.intake.forget(path)
        // A single run looks for the other file with one more scan.
        if found != nil { incomplete.add(1, ordering: .relaxed) }
    }

    private func fail(_ path: RelativePath, _ candidate: Candidate, _ reason: String) throws {
        perform(
            try spool.jobs.failedForGood(
                path, stamp: candidate.stamp, sidecars: candidate.sidecars, reason: reason))
    }

    /// Keeps, archives or deletes the original of a published result.
    func settle(_ job: Job, progress: () throws -> Void) {
        guard let content = job.identity?.content else { return }
        switch spool.originals.settle(job.path, stamp: job.stamp, content: content, progress: progress) {
        case .kept, .replaced: break
        case .archived(let place): logger.debug("\(job.path): archived as \(place)")
        case .deleted: logger.debug("\(job.path): the original is deleted")
        case .left(let reason): logger.warning("\(job.path): the original stays in the inbox: \(reason)")
        }
    }

    /// Moves a file that failed for good out of the inbox.
    func setAside(_ job: Job, _ reason: String, progress: () throws -> Void) {
        do {
            let place = try spool.failed.store(
                .init(
                    path: job.path, reason: reason, time: Date(), attempts: job.attempts,
                    sha256: job.identity?.content),
                stamp: job.stamp, progress: progress)
            try spool.jobs.movedAside(job.path)
            logger.error("\(job.path): failed: \(reason); now in \(spool.failed.folder.display(place))")
        } catch is CancellationError {
            logger.error("\(job.path): failed: \(reason); it stays in the inbox until the next start")
        } catch let error as FileError where error.isGone && !isInInbox(job) {
            logger.error("\(job.path): failed: \(reason)")
        } catch {
            logger.error("\(job.path): failed: \(reason); it stays in the inbox until the next scan: \(error)")
            spool.intake.forget(job.path)
        }
    }

    /// Whether the very file of a job lies in the inbox; a missing folder elsewhere is no sign that it does not.
    private func isInInbox(_ job: Job) -> Bool {
        (try? spool.inbox.has(job.stamp, at: job.path)) == true
    }
}
