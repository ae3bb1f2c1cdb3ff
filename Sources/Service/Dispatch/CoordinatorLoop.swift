import Dispatch
import Foundation
import Logging
import Spool
import Synchronization

/// The coordinator's threads: one hears reports, the other stays in office and looks after what was forgotten.
final class CoordinatorLoop: Sendable {
    private let coordinator: Coordinator
    private let runner: JobRunner
    /// Waits for reports.
    private let listener: any WorkQueue
    private let logger: Logger
    private let group = DispatchGroup()
    private let isStopping = Atomic(false)

    /// Seconds between two looks at the queue, and looks between two times that all orders are given again.
    private static let beatSeconds = 2.0
    private static let beats = 10
    private static let rest: UInt32 = 200_000

    init(_ runner: JobRunner, _ coordinator: Coordinator, listener: any WorkQueue, logger: Logger) {
        self.runner = runner
        self.coordinator = coordinator
        self.listener = listener
        self.logger = logger
    }

    func start() {
        DispatchQueue(label: "autochrome.reports", qos: .userInitiated).async(group: group) { [self] in
            while !isStopping.load(ordering: .relaxed) { hear() }
        }
        DispatchQueue(label: "autochrome.office", qos: .userInitiated).async(group: group) { [self] in keep() }
    }

    /// Hears what is left to be heard, and ends.
    func stop() {
        isStopping.store(true, ordering: .relaxed)
        group.wait()
        hear()
        coordinator.leaveOffice()
    }

    private func hear() {
        do {
            let reports = try listener.reports()
            for report in reports { runner.conclude(report, by: coordinator) }
            try listener.drop(reports)
        } catch {
            // The other thread says so.
            logger.debug("\(error)")
            usleep(Self.rest)
        }
    }

    private func keep() {
        let seconds = min(Self.beatSeconds, coordinator.about.leaseSeconds / 6)
        var count = 0
        while !isStopping.load(ordering: .relaxed) {
            beat(isTimeToGiveAgain: count % Self.beats == 0)
            count += 1
            wait(seconds: seconds) { !isStopping.load(ordering: .relaxed) }
        }
    }

    private func beat(isTimeToGiveAgain: Bool) {
        let before = coordinator.trouble
        do {
            let isBack = try coordinator.keepOffice()
            if isBack || isTimeToGiveAgain {
                let count = try coordinator.giveAgain()
                if count > 0 { logger.notice("the queue had forgotten \(count) orders; they are given again") }
            }
            runner.pending.hold(coordinator.heldOrigins)
            if isBack {
                logger.notice("going on: the queue is there")
                runner.pending.resume()
            }
        } catch {
            runner.pending.pause("\(error)")
            if before == nil { logger.warning("paused: \(error)") }
        }
    }
}
