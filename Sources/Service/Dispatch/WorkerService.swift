import Colorization
import Dispatch
import Files
import Foundation
import Imaging
import Logging
import Spool
import Synchronization

/// Works on a coordinator's orders until it is told to stop.
package final class WorkerService: Sendable {
    private let configuration: Configuration
    private let connector: QueueConnector
    private let logger: Logger
    private let manager: ServiceManager
    private let decoder: SandboxedDecoder
    private let lifecycle = Mutex(Lifecycle())
    private let control = DispatchQueue(label: "autochrome.control")
    private let registry = InFlightRegistry()

    /// Microseconds between two looks for a coordinator.
    private static let pause: UInt32 = 500_000

    package init(
        configuration: Configuration, connector: QueueConnector, logger: Logger,
        manager: ServiceManager = ServiceManager(), decoder: SandboxedDecoder = SandboxedDecoder()
    ) {
        self.configuration = configuration
        self.connector = connector
        self.logger = logger
        self.manager = manager
        self.decoder = decoder
    }

    /// Runs until it is told to stop; throws the reason why it cannot start.
    package func run() throws {
        let inbox = try Folder(SpoolConfiguration.resolved(configuration.inbox))
        let publisher = try Publisher(
            outbox: SpoolConfiguration.resolved(configuration.outbox), reserveBytes: configuration.reserveBytes)
        let folders = try SharedFolders(inbox: inbox, outbox: publisher.outbox, makes: false)
        // Old results that lie hidden are the coordinator's, who may be exchanging them just now.
        try publisher.sweep(restores: false) { logger.warning("\($0)") }
        // What cannot be written shows now, and not with the first photograph.
        _ = try publisher.stage()
        let model = try LoadedModel.load(configuration.model, beside: decoder, logger)
        let signals = SignalListener([SIGTERM, SIGINT], on: control) { [self] _ in act(on: .terminate) }
        defer { withExtendedLifetime(signals) {} }
        guard let about = try awaitCoordinator(folders) else { return }
        if about.model != model.metadata.sha256 || about.version != Program.version {
            let own = "\(Program.version) and \(model.metadata.sha256.prefix(8))"
            let other = "\(about.version) and \(about.model.prefix(8))"
            logger.warning("version and model are \(own) here and \(other) there: orders are given back")
        }
        let pipeline = ColoringPipeline(model: model, configuration: configuration, decoder: decoder)
        let worker = QueueWorker(
            inbox: inbox, publisher: publisher, folders: folders, slots: configuration.effectiveWorkers,
            leaseSeconds: about.leaseSeconds,
            registry: registry, logger: logger, connector: connector, pipeline: { pipeline })
        serve(worker, about)
    }

    private func serve(_ worker: QueueWorker, _ about: QueueDescription) {
        worker.start()
        act(on: .ready)
        logger.info("working for \(about.coordinator) on \(configuration.inbox)")
        let beat = startBeat(worker)
        while isRunning { usleep(50_000) }
        worker.requestStop()
        worker.wait()
        control.sync { beat.cancel() }
        act(on: .idle)
        logger.info("stopped")
    }

    private var isRunning: Bool { lifecycle.withLock { $0.phase == .starting || $0.phase == .running } }

    /// What the coordinator says of itself, once there is one; nil where this was told to stop before.
    ///
    /// - Throws: The reason where it serves other folders.
    private func awaitCoordinator(_ folders: SharedFolders) throws -> QueueDescription? {
        let queue = connector.queue("start", leaseSeconds: configuration.leaseSeconds)
        var told: String?
        while isRunning {
            var reason = "no coordinator has been there"
            do {
                if let about = try queue.about() {
                    guard about.folders == folders.id else {
                        throw SpoolError.configuration(
                            "\(configuration.inbox) is not the inbox of the queue's coordinator, \(about.coordinator)")
                    }
                    return about
                }
            } catch let error as WorkQueueError {
                reason = "\(error)"
            }
            if told != reason { logger.notice("waiting: \(reason)") }
            told = reason
            usleep(Self.pause)
        }
        return nil
    }

    private func act(on event: Lifecycle.Event) {
        for action in lifecycle.withLock({ $0.handle(event) }) {
            switch action {
            case .announceReady: manager.ready()
            case .announceStopping:
                manager.stopping()
                logger.info("stopping: work in hand is finished; stop again to give it back")
            case .abandonWork:
                logger.notice("giving work in hand back")
                registry.abandon()
            case .stopIntake, .reloadConfiguration, .exit: break
            }
        }
    }

    /// Feeds the watchdog for as long as the work gets on.
    private func startBeat(_ worker: QueueWorker) -> any DispatchSourceTimer {
        manager.startBeat(on: control) { [self] in
            let entries = registry.entries
            if !InFlightRegistry.isStuck(entries, decodeSeconds: configuration.decodeSeconds) { manager.watchdog() }
            manager.status(
                worker.pauseReason.map { "waiting: \($0)" } ?? "\(entries.count) in hand, \(worker.count) done")
        }
    }
}
