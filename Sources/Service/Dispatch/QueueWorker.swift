import Colorization
import Dispatch
import Files
import Foundation
import Logging
import Spool
import Synchronization

/// Takes orders from a queue and carries them out, on several slots side by side.
package final class QueueWorker: Sendable {
    let registry: InFlightRegistry
    private let orders: OrderRunner
    private let pipeline: @Sendable () -> ColoringPipeline
    private let connector: QueueConnector
    private let leaseSeconds: Double
    private let slots: Int
    private let logger: Logger
    private let keeper = LeaseKeeper()
    private let done = Atomic(0)
    /// Lets a photograph that a process has died over run alone.
    private let solitude = ReadersWriterLock()
    private let group = DispatchGroup()
    private let keeping = DispatchGroup()
    private let stopping = Atomic(false)
    /// Ended when the slots are: the keeper has nothing to keep then.
    private let ended = Atomic(false)
    /// Why nothing is taken; nil where there is no reason.
    private let pause = Mutex<String?>(nil)

    /// Seconds of rest after trouble, and after an order that is not for this worker.
    private static let rest = 1.0

    package init(
        inbox: Folder, publisher: Publisher, folders: SharedFolders, slots: Int, leaseSeconds: Double,
        registry: InFlightRegistry,
        logger: Logger, connector: QueueConnector, pipeline: @escaping @Sendable () -> ColoringPipeline
    ) {
        orders = OrderRunner(inbox: inbox, publisher: publisher, folders: folders)
        self.slots = slots
        self.leaseSeconds = leaseSeconds
        self.registry = registry
        self.logger = logger
        self.connector = connector
        self.pipeline = pipeline
    }

    package func start() {
        for slot in 1...slots {
            DispatchQueue(label: "autochrome.slot.\(slot)", qos: .utility).async(group: group) { [self] in
                serve(slot, connector.queue("\(slot)", leaseSeconds: leaseSeconds))
            }
        }
        // Above the slots, which colour: a late renewal costs another worker's time.
        DispatchQueue(label: "autochrome.leases", qos: .userInitiated).async(group: keeping) { [self] in keepLeases() }
    }

    /// Takes no more orders; those in hand are ended.
    package func requestStop() { stopping.store(true, ordering: .relaxed) }

    /// Waits until every slot has ended.
    package func wait() {
        group.wait()
        ended.store(true, ordering: .relaxed)
        keeping.wait()
    }

    package var pauseReason: String? { pause.withLock { $0 } }
    /// Orders that were ended.
    package var count: Int { done.load(ordering: .relaxed) }
    private var isStopping: Bool { stopping.load(ordering: .relaxed) }

    private func serve(_ slot: Int, _ queue: any WorkQueue) {
        while !isStopping {
            do {
                // As much as the least that any photograph needs: an order is not taken to be given back.
                try orders.publisher.requireSpace(0)
                guard let lease = try queue.take() else {
                    goOn()
                    continue
                }
                goOn()
                try carryOut(lease, slot, queue)
            } catch {
                halt("\(error)")
                rest()
            }
        }
    }

    /// Carries an order out and reports on it; an order that is not for this worker is given back.
    private func carryOut(_ lease: Lease, _ slot: Int, _ queue: any WorkQueue) throws {
        // One whose end was cut off may be another's by now.
        guard try begin(lease, queue) else { return }
        let holding = keeper.hold(lease, slot: slot, queue)
        defer { keeper.letGo(slot: slot) }
        do {
            guard let report = try work(holding) else { return }
            insist { try queue.finish(lease, report) }
            done.add(1, ordering: .relaxed)
        } catch {
            // Given up, or not this worker's to do.
            insist { try queue.release(lease) }
            if error is CancellationError { return }
            throw error
        }
    }

    /// Says that work begins, again where no answer comes; false where the lease is another's by now.
    private func begin(_ lease: Lease, _ queue: any WorkQueue) throws -> Bool {
        while true {
            do {
                let isOwn = try queue.begin(lease)
                goOn()
                return isOwn
            } catch {
                if isStopping { throw error }
                halt("\(error)")
                rest()
            }
        }
    }

    /// What became of an order; nil where it is another worker's by now, and an error where it is to be given back.
    private func work(_ holding: LeaseKeeper.Holding) throws -> WorkReport? {
        let order = holding.lease.order
        let token = registry.begin(order.path.description)
        defer { registry.end(token) }
        do {
            try registry.advance(token, to: .waitingForTurn)
            try solitude.access(alone: holding.lease.tries > 0) {
                try orders.run(holding.lease, pipeline()) { stage in
                    try registry.advance(token, to: stage)
                    if holding.isLost { throw CancellationError() }
                }
            }
            logger.info("\(order.path): done")
            return WorkReport(on: order, .published)
        } catch let refusal as OrderRunner.Refusal {
            throw refusal
        } catch {
            if holding.isLost {
                logger.notice("\(order.path): another worker has it by now")
                return nil
            }
            return WorkReport(on: order, try outcome(of: error, order))
        }
    }

    private func outcome(of error: any Error, _ order: WorkOrder) throws -> WorkReport.Outcome {
        let kind = ErrorClass(error, of: order.path.escapedName)
        // Folders that are not there any more are no fault of the photograph.
        if kind.mayBeOfFolders { try orders.verifyFolders() }
        switch kind {
        case .skipped(let reason): return .skipped(reason: reason)
        case .incomplete(let reason): return .incomplete(reason: reason)
        case .temporary(let reason):
            logger.warning("\(order.path): \(reason)")
            return .failedForNow(reason: reason)
        case .gone(let reason): return .gone(reason: reason)
        case .permanent(let reason):
            logger.error("\(order.path): \(reason)")
            return .failedForGood(reason: reason)
        case .noSpace: throw error
        case .abandoned: throw CancellationError()
        }
    }

    /// Tells the queue until it hears, for as long as work is not given up.
    private func insist(_ tell: () throws -> Void) {
        while true {
            do {
                try tell()
                return goOn()
            } catch {
                halt("\(error)")
                // Whoever gets the order next finds what is done in the outbox.
                if registry.isGivenUp { return }
                rest()
            }
        }
    }

    private func halt(_ reason: String) {
        let isNew = pause.withLock { pause in
            defer { pause = reason }
            return pause != reason
        }
        if isNew { logger.warning("waiting: \(reason)") }
    }

    private func goOn() {
        let wasPaused = pause.withLock { pause in
            defer { pause = nil }
            return pause != nil
        }
        if wasPaused { logger.notice("going on") }
    }

    private func rest() {
        Service.wait(seconds: min(Self.rest, leaseSeconds / 3)) { !isStopping }
    }

    // MARK: Leases

    /// Renews leases three times in the length of one, and tells of this host twice as often.
    private func keepLeases() {
        let queue = connector.queue("host", leaseSeconds: leaseSeconds)
        let beat = min(5, leaseSeconds / 6)
        var count = 0
        while !ended.load(ordering: .relaxed) {
            if count % 2 == 0 { keeper.renew() }
            try? queue.greet(host)
            count += 1
            Service.wait(seconds: beat) { !ended.load(ordering: .relaxed) }
        }
        try? queue.leave(host)
    }

    private var host: QueueHost {
        QueueHost(
            name: HostIdentity.hostName, process: getpid(), version: Program.version, model: pipeline().model.sha256,
            slots: slots, inHand: keeper.count, done: count, paused: pauseReason)
    }
}
