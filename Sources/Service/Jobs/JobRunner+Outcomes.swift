import Files
import Foundation
import Spool

extension JobRunner {
    /// Does what an error that ended a file's work calls for.
    func resolve(_ verdict: ErrorClass, _ candidate: Candidate, _ job: Job) throws {
        let path = candidate.path
        switch verdict {
        case .skipped(let reason):
            logger.info("\(path): left alone: \(reason)")
            _ = try spools.ledger.skipped(
                path, stamp: candidate.stamp, sidecars: candidate.sidecars, reason: reason)
        case .incomplete(let reason):
            if spools.intake.notReady(candidate) {
                incomplete.add(1, ordering: .relaxed)
                logger.debug("\(path): not whole yet: \(reason)")
                _ = try spools.ledger.putBack(path)
                growing.withLock { _ = $0.insert(path) }
            } else {
                try fail(path, candidate, reason)
            }
        case .temporary(let reason):
            failures.add(1, ordering: .relaxed)
            logger.warning("\(path): \(reason); it will be tried again")
            perform(try spools.ledger.failedForNow(path, reason: reason))
        case .noSpace(let reason):
            logger.warning("paused: \(reason)")
            pending.pause(reason)
            perform(try spools.ledger.putBack(path))
        case .gone:
            logger.info("\(path): gone or replaced while it was worked on")
            _ = try spools.ledger.putBack(path)
            try spools.ledger.withdraw([path])
            spools.intake.forget(path)
        case .abandoned:
            failures.add(1, ordering: .relaxed)
            _ = try spools.ledger.putBack(path)
        case .permanent(let reason):
            try fail(path, candidate, reason)
        }
    }

    private func fail(_ path: RelativePath, _ candidate: Candidate, _ reason: String) throws {
        perform(
            try spools.ledger.failedForGood(
                path, stamp: candidate.stamp, sidecars: candidate.sidecars, reason: reason))
    }

    func settle(_ job: Job) {
        guard let content = job.identity?.content else { return }
        switch spools.keeper.settle(job.path, stamp: job.stamp, content: content) {
        case .kept, .replaced: break
        case .archived(let place): logger.debug("\(job.path): archived as \(place)")
        case .deleted: logger.debug("\(job.path): the original is deleted")
        case .left(let reason): logger.warning("\(job.path): the original stays in the inbox: \(reason)")
        }
    }

    func setAside(_ job: Job, _ reason: String) {
        failures.add(1, ordering: .relaxed)
        do {
            let place = try spools.failed.store(
                .init(
                    path: job.path, reason: reason, time: Date(), attempts: job.attempts,
                    sha256: job.identity?.content),
                stamp: job.stamp)
            try spools.ledger.movedAside(job.path)
            logger.error("\(job.path): failed: \(reason); now in \(spools.failed.folder.display(place))")
        } catch let error as FileError where error.isGone {
            logger.error("\(job.path): failed: \(reason)")
        } catch {
            logger.error("\(job.path): failed: \(reason); it stays in the inbox until the next scan: \(error)")
            spools.intake.forget(job.path)
        }
    }
}
