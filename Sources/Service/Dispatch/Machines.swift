import Files
import Foundation
import Logging
import Spool
import Synchronization

/// Other machines' part of a daemon's work: the coordinator, its threads, and the orders that are carried out here.
final class Machines: Sendable {
    /// Threads that open and hash files before they are given away.
    static let lookers = 4

    let coordinator: Coordinator
    private let folders: SharedFolders
    private let connector: QueueConnector
    private let leaseSeconds: Double
    private let running = Mutex<(loop: CoordinatorLoop, worker: QueueWorker?)?>(nil)

    /// - Throws: The reason why inbox and outbox cannot be shared.
    init(spool: Spool, configuration: Configuration, model: LoadedModel, connector: QueueConnector) throws {
        folders = try SharedFolders(inbox: spool.inbox, outbox: spool.publisher.outbox, makes: true)
        self.connector = connector
        leaseSeconds = configuration.leaseSeconds
        coordinator = Coordinator(
            queue: connector.queue("coordinator", leaseSeconds: leaseSeconds),
            about: QueueDescription(
                folders: folders.id, coordinator: "\(HostIdentity.hostName):\(spool.configuration.state)",
                version: Program.version, model: model.metadata.sha256, leaseSeconds: leaseSeconds))
    }

    /// Takes office and starts; throws where another coordinator has it.
    func start(_ runner: JobRunner, logger: Logger) throws {
        do {
            _ = try coordinator.keepOffice()
        } catch .refused(let reason) {
            throw WorkQueueError.refused(reason)
        } catch {
            runner.pending.pause("\(error)")
            logger.warning("paused: \(error)")
        }
        let loop = CoordinatorLoop(
            runner, coordinator, listener: connector.queue("reports", leaseSeconds: leaseSeconds), logger: logger)
        let worker =
            runner.configuration.queueWorks
            ? QueueWorker(
                inbox: runner.spool.inbox, publisher: runner.spool.publisher, folders: folders,
                slots: runner.configuration.effectiveWorkers, leaseSeconds: leaseSeconds, registry: runner.registry,
                logger: logger, connector: connector, pipeline: { runner.now.pipeline }) : nil
        running.withLock { $0 = (loop, worker) }
        loop.start()
        worker?.start()
    }

    func requestStop() { running.withLock { $0 }?.worker?.requestStop() }

    /// Waits for the orders in hand here, and hears the last reports.
    func wait() {
        guard let (loop, worker) = running.withLock({ $0 }) else { return }
        worker?.requestStop()
        worker?.wait()
        loop.stop()
    }
}
