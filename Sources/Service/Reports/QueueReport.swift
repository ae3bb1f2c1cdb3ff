import Foundation
import Spool

/// The state of the queue, from the ledger and a running daemon's heartbeat.
package struct QueueReport: Sendable, Encodable {
    package struct Failure: Sendable, Encodable {
        package var path: String
        package var reason: String
        package var attempts: Int
        package var quarantined: Bool
        package var time: Date

        /// Describes a file that failed for good.
        package init(_ job: Job) {
            (path, attempts, time) = (job.path.description, job.attempts, job.updated)
            reason = job.state.reason ?? ""
            quarantined = if case .quarantined = job.state { true } else { false }
        }
    }

    /// A photograph that waits for another try.
    package struct Waiting: Sendable, Encodable {
        package var path: String
        package var reason: String
        package var attempts: Int
        package var nextTry: Date
    }

    package var running: Bool
    /// Whether a daemon runs and makes no progress.
    package var isStuck: Bool
    package var daemon: Heartbeat?
    package var counts = JobCounts()
    package var oldestPending: Date?
    package var waiting: [Waiting]
    package var failures: [Failure]
    package var failedDirectory: String
    /// How many results have a chosen variant; nil where nobody asked.
    package var choices: ChoiceCounts?

    /// Reads the state directory of a configuration; a daemon may be at work with it or not.
    package init(configuration: Configuration) throws {
        running = InstanceLock.isHeld(state: configuration.state)
        let beat = Heartbeat.read(state: configuration.state)
        daemon = running ? beat : nil
        // Clocks jump; a heartbeat from the future does not make its daemon stuck.
        let silence = beat.map { Date().timeIntervalSince($0.written) } ?? .infinity
        isStuck = running && (silence > Heartbeat.patience || beat?.stuck == true)
        failedDirectory = configuration.failedDirectory
        guard FileManager.default.fileExists(atPath: configuration.state + "/" + SQLiteJobStore.fileName) else {
            waiting = []
            failures = []
            return
        }
        let ledger = try SQLiteJobStore(reading: configuration.state)
        counts = try ledger.counts()
        oldestPending = try ledger.oldestPending()
        waiting = try ledger.waiting().compactMap { job in
            guard case .waiting(let next, let reason) = job.state else { return nil }
            return Waiting(path: job.path.description, reason: reason, attempts: job.attempts, nextTry: next)
        }
        failures = try ledger.failures().map(Failure.init)
    }

    /// The report for people.
    package var text: String {
        var lines: [String] = []
        if let daemon {
            lines.append("daemon      running, process \(daemon.process), watching by \(daemon.watching)")
            if isStuck { lines.append("            STUCK: it has not got on for too long") }
            if let reason = daemon.paused { lines.append("            paused: \(reason)") }
        } else {
            lines.append("daemon      " + (running ? "running, and says nothing of itself" : "not running"))
        }
        lines.append("to do       \(counts.received + counts.claimed) and \(counts.waiting) to be tried again")
        if let oldestPending {
            let age = Int(max(0, Date().timeIntervalSince(oldestPending)))
            lines.append("            the oldest has waited \(age) s")
        }
        lines.append("done        \(counts.published), \(counts.skipped) left alone")
        lines.append("failed      \(counts.failed), \(counts.quarantined) quarantined; in \(failedDirectory)")
        if let choices { lines.append("results     " + choices.text) }
        if let queue = daemon?.queue { lines += Self.lines(queue) }
        for entry in daemon?.inHand ?? [] {
            lines.append("  \(entry.path): \(entry.stage.rawValue), \(Int(entry.seconds)) s")
        }
        for entry in waiting { lines.append("  \(entry.path): \(entry.reason); it will be tried again") }
        if waiting.count < counts.waiting { lines.append("  …") }
        for failure in failures { lines.append("  \(failure.path): \(failure.reason)") }
        if failures.count < counts.failed + counts.quarantined { lines.append("  …") }
        return lines.joined(separator: "\n")
    }

    /// Other machines' queue for people.
    private static func lines(_ queue: QueueLook) -> [String] {
        var lines = [
            "queue       \(queue.live) live and \(queue.bulk) bulk, \(queue.held) of them in hand; "
                + "\(queue.dead) given up"
        ]
        for host in queue.hosts {
            let silence = "silent for \(Int(host.silent ?? 0)) s"
            let state = host.isAlive ? host.paused.map { "waiting: \($0)" } ?? "" : silence
            lines.append(
                "  \(host.name), process \(host.process): \(host.inHand) of \(host.slots) in hand, \(host.done) done"
                    + (state.isEmpty ? "" : "; " + state))
        }
        for lease in queue.leases {
            lines.append("  \(lease.path): held by \(lease.worker), renewed \(Int(lease.idle)) s ago")
        }
        return lines
    }
}
