import Files
import Foundation
import Spool

extension JobRunner {
    /// Moves the files that the last process left to be moved; the intake delivers those that are to be worked on.
    package func finishRecovery() {
        for step in spool.recovered where step.action != .enqueue { handOver(step) }
    }

    /// Queues the files whose next try is due.
    package func queueDue() {
        do {
            for job in try spool.jobs.due() { pending.pushIfAbsent(job.candidate) }
        } catch {
            logger.error("\(error)")
        }
    }

    /// Returns the files whose end the ledger could not be told, once it can be; they are queued again.
    package func returnUnrecorded() {
        var rest = unrecordedEnds.withLock { list in
            defer { list = [] }
            return list
        }
        do {
            while let candidate = rest.last {
                if let step = try spool.jobs.putBackIfKnown(candidate.path) {
                    if step.job.state.isPending { pending.pushIfAbsent(candidate) } else { handOver(step) }
                }
                rest.removeLast()
            }
        } catch {
            unrecordedEnds.withLock { $0 += rest }
        }
    }

    /// Withdraws the files that did not decode to their end and have left the inbox since.
    package func withdrawVanished() {
        let paths = growing.withLock { $0 }
        do {
            for path in try paths.filter({ try !spool.inbox.hasFile($0) }) {
                // A file that is in hand again is withdrawn by its own work.
                guard growing.withLock({ $0.remove(path) }) != nil else { continue }
                try spool.jobs.withdraw([path])
                spool.intake.forget(path)
            }
        } catch {
            logger.debug("\(error)")
        }
    }
}
