import Digest
import Files
import Foundation
import Spool
import TestSupport
import Testing

@testable import Queue

extension Redis {
    /// What any queue of orders must do.
    @Suite struct ConformanceTests {
        private let machines: Machines
        private let coordinator: RedisQueue
        private let worker: RedisQueue

        init() throws {
            machines = try Machines()
            coordinator = try machines.worker("coordinator")
            worker = try machines.worker("a")
        }

        @Test func anOrderComesAsItWasGiven() throws {
            var given = order(1)
            let odd = RelativePath(bytes: Array("a\\b \n".utf8) + [0xFF, 0xFE] + Array("é%25\u{202E}.tif".utf8))!
            given = WorkOrder(
                version: given.version, path: odd, root: "/mnt/a b", size: .max, identity: given.identity,
                settings: "seed: 7\n# é\n")
            #expect(try coordinator.enqueue(given, in: .bulk))
            let lease = try #require(try worker.take())
            #expect(lease.order == given && lease.lane == .bulk && lease.tries == 0)
            #expect(try worker.take() == nil)
        }

        @Test func theSameWorkIsThereOnce() throws {
            #expect(try coordinator.enqueue(order(1), in: .bulk))
            #expect(try !coordinator.enqueue(order(1), in: .live))
            #expect(try !coordinator.enqueue(order(2, content: 1), in: .bulk), "under another name too")
            let lease = try #require(try worker.take())
            #expect(try !coordinator.enqueue(order(1), in: .bulk), "it is in hand")
            try worker.finish(lease, WorkReport(on: lease.order, .published))
            #expect(try coordinator.enqueue(order(1), in: .bulk), "it was done before")
        }

        @Test func liveGoesFirst() throws {
            for number in 1...3 { _ = try coordinator.enqueue(order(number), in: .bulk) }
            _ = try coordinator.enqueue(order(9), in: .live)
            #expect(try worker.take()?.order == order(9))
            #expect(try worker.take()?.order == order(1))
            _ = try coordinator.enqueue(order(8), in: .live)
            #expect(try worker.take()?.order == order(8))
        }

        @Test func ordersAreHandedOutOnceEach() throws {
            for number in 0..<40 { _ = try coordinator.enqueue(order(number), in: number % 4 == 0 ? .live : .bulk) }
            let others = try (0..<4).map { try machines.worker("w\($0)") }
            var taken: [RelativePath] = []
            for number in 0..<40 { taken.append(try #require(try others[number % 4].take()).order.path) }
            #expect(Set(taken).count == 40)
            #expect(try worker.take() == nil)
        }

        @Test(arguments: [
            WorkReport.Outcome.published, .skipped(reason: "in colour"), .incomplete(reason: "é \n ends early"),
            .failedForNow(reason: ""), .failedForGood(reason: "no picture"), .gone(reason: "gone"),
        ])
        func aReportReachesTheCoordinatorUntilItIsDropped(_ outcome: WorkReport.Outcome) throws {
            _ = try coordinator.enqueue(order(1), in: .live)
            let lease = try #require(try worker.take())
            #expect(try worker.begin(lease))
            try worker.finish(lease, WorkReport(on: lease.order, outcome))
            for _ in 0..<2 {
                let reports = try coordinator.reports()
                #expect(reports.map(\.outcome) == [outcome] && reports.map(\.identity) == [order(1).identity])
                #expect(reports.map(\.path) == [order(1).path])
            }
            try coordinator.drop(try coordinator.reports())
            #expect(try coordinator.reports() == [])
            #expect(machines.count("live") == 0)
            #expect(machines.server.ask("HLEN", "autochrome:orders") == "0")
            #expect(machines.server.ask("HLEN", "autochrome:tries") == "0")
        }

        @Test func whatIsReleasedComesAgainUntried() throws {
            for number in 1...2 { _ = try coordinator.enqueue(order(number), in: .bulk) }
            let lease = try #require(try worker.take())
            #expect(try worker.begin(lease))
            try worker.release(lease)
            #expect(try !worker.renew(lease) && !coordinator.enqueue(order(1), in: .bulk))
            #expect(try worker.take()?.order == order(2))
            let again = try #require(try worker.take())
            #expect(again.order == order(1) && again.tries == 0 && again.id != lease.id)
            try worker.release(lease)
            #expect(try worker.renew(again), "an old lease releases nothing")
        }

        @Test func aLookSaysWhatThereIs() throws {
            for number in 1...3 { _ = try coordinator.enqueue(order(number), in: .bulk) }
            _ = try coordinator.enqueue(order(4), in: .live)
            var host = QueueHost(name: "north", process: 7, version: "1", model: "m", slots: 2, inHand: 1, done: 5)
            try worker.greet(host)
            host.inHand = 2
            try worker.greet(host)
            _ = try worker.take()
            let look = try coordinator.look()
            #expect(look.live == 1 && look.bulk == 3 && look.dead == 0 && look.held == 1 && look.reports == 0)
            #expect(look.leases.map(\.path) == ["album/4.jpg"] && look.leases.first?.worker == "a")
            #expect(look.hosts.count == 1 && look.hosts.first?.inHand == 2 && look.hosts.first?.silent != nil)
            #expect(look.bytes > 100_000)
        }

        @Test func thereIsOneCoordinator() throws {
            var about = QueueDescription(
                folders: "f", coordinator: "coordinator", version: "1", model: "m", leaseSeconds: 600)
            #expect(try worker.about() == nil)
            try coordinator.reign(about)
            try coordinator.reign(about)
            #expect(try worker.about() == about)
            about.coordinator = "other"
            let other = try machines.worker("other")
            #expect(throws: WorkQueueError.self) { try other.reign(about) }
            try other.abdicate(about)
            #expect(throws: WorkQueueError.self) { try other.reign(about) }
            about.coordinator = "coordinator"
            try coordinator.abdicate(about)
            about.coordinator = "other"
            try other.reign(about)
            #expect(try worker.about()?.coordinator == "other")
        }

        /// Orders of one inbox are not to be carried out on another.
        @Test func aQueueThatHoldsOrdersOfOtherFoldersIsRefused() throws {
            var about = QueueDescription(
                folders: "f", coordinator: "coordinator", version: "1", model: "m", leaseSeconds: 600)
            try coordinator.reign(about)
            _ = try coordinator.enqueue(order(1), in: .bulk)
            about.folders = "g"
            #expect(throws: WorkQueueError.self) { try coordinator.reign(about) }
            let lease = try #require(try worker.take())
            try worker.finish(lease, WorkReport(on: lease.order, .published))
            try coordinator.reign(about)
        }
    }
}
