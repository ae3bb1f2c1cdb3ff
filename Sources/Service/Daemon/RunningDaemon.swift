import Dispatch
import Foundation
import Logging
import Spool
import Synchronization

/// A service whose spool is open: its workers, its watch and its reactions to signals.
///
/// The control queue hears signals and feeds the watchdog. It touches neither files nor models, so that a disk that does
/// not answer keeps it from nothing.
final class RunningDaemon: Sendable {
    let runner: JobRunner
    let logger: Logger
    let manager: ServiceManager
    /// Reads the configuration for a reload.
    let load: @Sendable () throws -> Configuration
    let control = DispatchQueue(label: "autochrome.control")
    /// Reads configurations and models, one after another.
    let reloads = DispatchQueue(label: "autochrome.reload")
    private let once: Bool
    private let lifecycle = Mutex(Lifecycle())
    private let pool = WorkerPool()
    private let housekeeping: Housekeeping
    /// Other machines' part of the work; nil where all of it is done here.
    private let machines: Machines?

    init(
        _ runner: JobRunner, _ machines: Machines?, once: Bool, logger: Logger, manager: ServiceManager,
        load: @escaping @Sendable () throws -> Configuration
    ) {
        self.runner = runner
        self.machines = machines
        self.once = once
        self.logger = logger
        self.manager = manager
        self.load = load
        housekeeping = Housekeeping(runner, once: once, logger: logger, manager: manager)
    }

    private var spool: Spool { runner.spool }
    var isRunning: Bool { lifecycle.withLock { $0.phase == .running } }

    /// Runs until the work or the service ends; false where something failed or, in a single run, is left to be done.
    func run() throws -> Bool {
        runner.finishRecovery()
        let signals = listen()
        defer { withExtendedLifetime(signals) {} }
        try machines?.start(runner, logger: logger)
        pool.start(workers: workers, take: runner.pending.take, work: runner.run)
        let beat = startBeat()
        defer { beat.cancel() }
        var isComplete = true
        if once { isComplete = try workOff() } else { watch() }
        pool.wait()
        machines?.wait()
        runner.waitForMoves()
        if once { isComplete = reportRest(isAllSeen: isComplete) }
        spool.intake.stop()
        // A reaction that is on its way finds everything still there.
        control.sync { beat.cancel() }
        housekeeping.finish()
        act(on: .idle)
        logger.info("stopped")
        return isComplete && runner.failures.load(ordering: .relaxed) == 0
    }

    /// Threads that work on files of the queue: with other machines they only look at them.
    private var workers: Int {
        let configuration = runner.configuration
        return machines == nil ? configuration.imagesInHand : min(Machines.lookers, configuration.effectiveThreads)
    }

    /// Watches the inbox; returns once the watch stands or was stopped.
    private func watch() {
        spool.intake.start { [runner] in runner.receive($0) }
        spool.intake.waitUntilWatching()
        control.sync { act(on: .ready) }
    }

    /// Works off the files of the inbox; false where not all of them were seen.
    private func workOff() throws -> Bool {
        act(on: .ready)
        var returned = -1
        var isAllSeen = false
        // A file that was returned as incomplete comes again with the next scan, for the last time.
        while returned != runner.incomplete.load(ordering: .relaxed), isRunning {
            returned = runner.incomplete.load(ordering: .relaxed)
            isAllSeen = try spool.intake.scanOnce { [runner] in runner.receive($0) }
            runner.pending.waitUntilIdle()
            runner.waitForMoves()
        }
        act(on: .exhausted)
        // Workers that were told to stop may still return files.
        pool.wait()
        return isAllSeen && returned == runner.incomplete.load(ordering: .relaxed)
    }

    /// Says what a single run leaves undone; true where that is nothing.
    private func reportRest(isAllSeen: Bool) -> Bool {
        let isWaiting = reportWaiting()
        if let reason = runner.pending.pauseReason {
            logger.error("ended early: \(reason)")
        } else if !isAllSeen || runner.pending.count > 0 {
            logger.notice("ended early: files that were not begun stay in the inbox")
        } else {
            return !isWaiting
        }
        return false
    }

    /// Names the photographs that wait for a later try; false where there are none.
    private func reportWaiting() -> Bool {
        do {
            let jobs = try spool.jobs.waiting()
            for job in jobs { logger.warning("\(job.path): it waits for a later try: \(job.state.reason ?? "")") }
            let rest = try spool.jobs.counts().waiting - jobs.count
            if rest > 0 { logger.warning("\(rest) more photographs wait for a later try") }
            return !jobs.isEmpty
        } catch {
            logger.error("\(error)")
            return true
        }
    }

    /// Does what an event in the service's life calls for.
    private func act(on event: Lifecycle.Event) {
        for action in lifecycle.withLock({ $0.handle(event) }) {
            switch action {
            case .announceReady:
                manager.ready()
                logger.info("watching \(spool.inbox.path)")
            case .announceStopping:
                manager.stopping()
                if !once { logger.info("stopping: work in hand is finished; stop again to put it back") }
            case .stopIntake:
                runner.pending.close()
                machines?.requestStop()
                spool.intake.requestStop()
            case .abandonWork:
                logger.notice("putting work in hand back")
                runner.registry.abandon()
            case .reloadConfiguration: reload()
            case .exit: break
            }
        }
    }

    private func listen() -> SignalListener {
        SignalListener([SIGTERM, SIGINT, SIGHUP], on: control) { [self] in act(on: $0 == SIGHUP ? .reload : .terminate)
        }
    }

    /// Feeds the watchdog and has the housekeeping done, at intervals.
    private func startBeat() -> any DispatchSourceTimer {
        manager.startBeat(on: control) { [self] in
            if !housekeeping.isStuck { manager.watchdog() }
            housekeeping.begin()
        }
    }
}
