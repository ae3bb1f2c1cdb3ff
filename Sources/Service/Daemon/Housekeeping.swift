import Dispatch
import Foundation
import Logging
import Spool
import Synchronization

/// The daemon's recurring chores: files whose time has come are queued, and status and metrics are written.
///
/// They touch disks, and a disk may not answer: they have a queue of their own, and one round at a time.
final class Housekeeping: Sendable {
    /// A full quota does not show in the free space: only a new try, after this pause, tells that there is room.
    private static let shortestPause = Duration.seconds(5)

    private let runner: JobRunner
    private let once: Bool
    private let logger: Logger
    private let manager: ServiceManager
    private let started = Date()
    private let queue = DispatchQueue(label: "autochrome.housekeeping")
    /// The beginning of the round that is under way.
    private let round = Mutex<SuspendingClock.Instant?>(nil)

    init(_ runner: JobRunner, once: Bool, logger: Logger, manager: ServiceManager) {
        self.runner = runner
        self.once = once
        self.logger = logger
        self.manager = manager
    }

    private var spool: Spool { runner.spool }

    /// Whether the jobs in hand or these chores have not got on for too long.
    var isStuck: Bool {
        let isRoundStuck = round.withLock { began in
            began.map { $0.duration(to: .now) > .seconds(Heartbeat.patience) } ?? false
        }
        return isRoundStuck || areJobsStuck(runner.registry.entries)
    }

    private func areJobsStuck(_ entries: [InFlightRegistry.Entry]) -> Bool {
        InFlightRegistry.isStuck(entries, decodeSeconds: runner.configuration.decodeSeconds)
    }

    /// Begins a round, unless one is under way.
    func begin() {
        let isFree = round.withLock { began in
            defer { began = began ?? .now }
            return began == nil
        }
        guard isFree else { return }
        queue.async { [self] in
            doChores()
            round.withLock { $0 = nil }
        }
    }

    /// Does the last round.
    func finish() { queue.sync { doChores() } }

    private func doChores() {
        runner.returnUnrecorded()
        runner.withdrawVanished()
        if !once { runner.queueDue() }
        resumeIfRoom()
        do {
            try spool.dropOldEvents()
        } catch {
            logger.debug("old events are not dropped: \(error)")
        }
        do {
            try writeStatus()
        } catch {
            logger.debug("status not written: \(error)")
        }
    }

    private func writeStatus() throws {
        let entries = runner.registry.entries
        let mode = spool.intake.mode
        let pauseReason = runner.pending.pauseReason
        let beat = Heartbeat(
            process: getpid(), program: Program.name, model: runner.modelName, started: started, written: Date(),
            watching: mode, paused: pauseReason, queued: runner.pending.count, inHand: entries,
            stuck: areJobsStuck(entries), queue: runner.coordinator?.look)
        try beat.write(state: spool.configuration.state)
        let counts = try spool.jobs.counts()
        let failed = counts.failed + counts.quarantined
        manager.status("\(counts.pending) to do, \(counts.published) done, \(failed) failed")
        let path = runner.configuration.metrics
        guard !path.isEmpty else { return }
        let metrics = Metrics(
            counts: counts, oldestPending: try spool.jobs.oldestPending(), inHand: entries.count,
            polling: mode.isPolling, paused: pauseReason != nil, freeBytes: try spool.publisher.freeSpace(),
            queue: runner.coordinator?.look, isQueueAway: runner.coordinator?.trouble != nil)
        try Data(metrics.text().utf8).write(to: URL(fileURLWithPath: path), options: .atomic)
    }

    private func resumeIfRoom() {
        guard let pause = runner.pending.pauseDuration, pause >= Self.shortestPause, !once,
            runner.coordinator?.trouble == nil
        else { return }
        // Somewhat more than the reserve, so that it does not pause again at once; the ledger may lie on another disk.
        if (try? spool.publisher.requireSpace(64 << 20)) != nil, (try? spool.jobs.freeSpace()) ?? 0 > 16 << 20 {
            logger.notice("going on: there is room again")
            runner.pending.resume()
            // It finds the files that the ledger had no room for.
            spool.intake.rescan()
        }
    }
}
