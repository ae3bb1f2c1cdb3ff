import Files
import Dispatch
import Foundation
import Imaging
import Logging
import Spool
import Synchronization

/// Watches the inbox and works off what comes in, until it is told to stop.
package final class Daemon: Sendable {
    private static let beatSeconds = 2.0
    /// Where a quota is full there seems to be room at any time, and to try is all that can be done.
    private static let shortestPause = Duration.seconds(5)

    private let load: @Sendable () throws -> Configuration
    private let once: Bool
    private let logger: Logger
    private let manager: ServiceManager
    private let decoder: SandboxedDecoder
    private let lifecycle = Mutex(Lifecycle())
    private let control = DispatchQueue(label: "autochrome.control")
    private let started = Date()
    private let stopping = DispatchSemaphore(value: 0)

    /// - Parameters:
    ///   - once: Whether to end when all that lies in the inbox is worked off.
    ///   - load: Reads the configuration, at start and at every reload.
    package init(
        once: Bool, logger: Logger, manager: ServiceManager = ServiceManager(),
        decoder: SandboxedDecoder = SandboxedDecoder(),
        load: @escaping @Sendable () throws -> Configuration
    ) {
        self.once = once
        self.logger = logger
        self.manager = manager
        self.decoder = decoder
        self.load = load
    }

    /// Runs until the work or the service ends.
    ///
    /// - Returns: Whether everything that was begun succeeded.
    /// - Throws: What keeps it from starting.
    package func run() throws -> Bool {
        let configuration = try load()
        let spool = try open(configuration)
        let model = try LoadedModel.load(configuration.model)
        if let gap = try decoder.start().gap {
            logger.warning("decoders are confined less than they could be: there is no \(gap) here")
        }
        let runner = JobRunner(
            spool: spool, configuration: configuration, model: model, decoder: decoder, logger: logger)
        // The intake delivers the files that are to be worked on.
        for step in spool.recovered where step.action != .enqueue { runner.handOver(step) }

        let signals = listen(runner, spool)
        defer { signals.forEach { $0.cancel() } }
        let pool = WorkerPool()
        pool.start(workers: configuration.effectiveWorkers, take: runner.pending.take, work: runner.run)
        let beat = heartbeat(runner, spool)
        defer { beat.cancel() }
        var isAllSeen = true
        if once {
            isAllSeen = try workOff(runner, spool, pool)
        } else {
            spool.intake.start { runner.receive($0) }
            waitForWatch(spool.intake)
            control.sync { act(.ready, runner, spool) }
        }
        pool.wait()
        runner.waitForMoves()
        if once { sumUp(runner, isAllSeen: isAllSeen) }
        spool.intake.stop()
        // What is on its way on this queue finds everything still there.
        control.sync { beatOnce(runner, spool) }
        act(.idle, runner, spool)
        logger.info("stopped")
        return runner.failures.load(ordering: .relaxed) == 0
    }

    private func open(_ configuration: Configuration) throws -> Spool {
        var policy = RetryPolicy()
        policy.attempts = configuration.attempts
        policy.baseSeconds = configuration.backoffSeconds
        policy.longestSeconds = max(policy.longestSeconds, policy.baseSeconds)
        let logger = logger
        return try Spool(configuration.spool(once: once), policy: policy) {
            logger.log(level: $0.isWarning ? .warning : .notice, "\($0)")
        }
    }

    // MARK: Life

    private func act(_ event: Lifecycle.Event, _ runner: JobRunner, _ spool: Spool) {
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
                spool.intake.stop()
            case .abandonWork:
                logger.notice("putting work in hand back")
                runner.registry.abandon()
            case .reloadConfiguration: reload(runner)
            case .exit: break
            }
        }
    }

    private func listen(
        _ runner: JobRunner, _ spool: Spool
    ) -> [any DispatchSourceSignal] {
        let reactions: [(Int32, Lifecycle.Event)] = [
            (SIGTERM, .terminate), (SIGINT, .terminate), (SIGHUP, .reload),
        ]
        return reactions.map { number, event in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: control)
            source.setEventHandler { [self] in act(event, runner, spool) }
            source.activate()
            return source
        }
    }

    /// Waits until the watch stands, or the intake was stopped before.
    private func waitForWatch(_ intake: Intake) {
        while intake.mode == .starting { Thread.sleep(forTimeInterval: 0.005) }
    }

    /// Works off what lies in the inbox; false where not all of it was seen.
    private func workOff(_ runner: JobRunner, _ spool: Spool, _ pool: WorkerPool) throws -> Bool {
        act(.ready, runner, spool)
        var putBack = -1
        var isAllSeen = false
        // What was put back as incomplete comes again with the next scan, for the last time.
        while putBack != runner.incomplete.load(ordering: .relaxed), lifecycle.withLock({ $0.phase == .running }) {
            putBack = runner.incomplete.load(ordering: .relaxed)
            isAllSeen = try spool.intake.scanOnce { runner.receive($0) }
            runner.pending.waitUntilIdle()
            runner.waitForMoves()
        }
        act(.exhausted, runner, spool)
        // Stopped, it may still put something back.
        pool.wait()
        return isAllSeen && putBack == runner.incomplete.load(ordering: .relaxed)
    }

    /// Says what a single run has left undone.
    private func sumUp(_ runner: JobRunner, isAllSeen: Bool) {
        if let reason = runner.pending.pauseReason {
            logger.error("ended early: \(reason)")
        } else if !isAllSeen || runner.pending.count > 0 {
            logger.notice("ended early: what was not begun stays in the inbox")
        } else {
            return
        }
        runner.failures.add(1, ordering: .relaxed)
    }

    private func reload(_ runner: JobRunner) {
        manager.reloading()
        defer { manager.ready() }
        do {
            let next = try load()
            let old = runner.configuration
            for key in old.keysThatNeedRestart(comparedWith: next) {
                logger.warning("\(key) has changed; that takes effect when the service is restarted")
            }
            runner.reload(next, model: try LoadedModel.load(next.model))
            logger.notice("configuration reloaded")
        } catch {
            logger.error("configuration not reloaded, the old one stays: \(error)")
        }
    }

    // MARK: Heartbeat

    private func heartbeat(
        _ runner: JobRunner, _ spool: Spool
    ) -> any DispatchSourceTimer {
        let timer = DispatchSource.makeTimerSource(queue: control)
        timer.setEventHandler { [self] in beatOnce(runner, spool) }
        timer.schedule(deadline: .now(), repeating: min(Self.beatSeconds, manager.watchdogInterval ?? Self.beatSeconds))
        timer.activate()
        return timer
    }

    private func beatOnce(_ runner: JobRunner, _ spool: Spool) {
        manager.repeatUnheard()
        runner.settleAgain()
        runner.withdrawVanished()
        if !once { runner.queueDue() }
        resumeIfRoom(runner, spool)
        let configuration = runner.configuration
        let entries = runner.registry.entries
        let stuck = InFlightRegistry.isStuck(entries, decodeSeconds: configuration.decodeSeconds)
        if !stuck { manager.watchdog() }
        let mode = spool.intake.mode
        let beat = Heartbeat(
            process: getpid(), program: Program.name, model: runner.modelName, started: started, written: Date(),
            watching: mode, paused: runner.pending.pauseReason, queued: runner.pending.count, inHand: entries,
            stuck: stuck)
        do {
            try beat.write(state: spool.configuration.state)
            let counts = try spool.jobs.counts()
            let failed = counts.failed + counts.quarantined
            manager.status("\(counts.pending) to do, \(counts.published) done, \(failed) failed")
            guard !configuration.metrics.isEmpty else { return }
            let metrics = Metrics(
                counts: counts, oldestPending: try spool.jobs.oldestPending(), inHand: entries.count,
                polling: mode.isPolling, paused: beat.paused != nil,
                freeBytes: try spool.publisher.freeSpace())
            try Data(metrics.text().utf8).write(to: URL(fileURLWithPath: configuration.metrics), options: .atomic)
        } catch {
            logger.debug("status not written: \(error)")
        }
    }

    private func resumeIfRoom(_ runner: JobRunner, _ spool: Spool) {
        guard let pause = runner.pending.pauseDuration, pause >= Self.shortestPause, !once else { return }
        // Somewhat more than the reserve, so that it does not pause again at once; the ledger may lie on another disk.
        if (try? spool.publisher.requireSpace(64 << 20)) != nil, (try? spool.jobs.freeSpace()) ?? 0 > 16 << 20 {
            logger.notice("going on: there is room again")
            runner.pending.resume()
            // It finds what the ledger had no room for.
            spool.intake.rescan()
        }
    }
}
