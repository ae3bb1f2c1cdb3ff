import Digest
import Files
import Foundation
import Spool
import TestSupport
import Testing

@testable import Queue

extension Redis {
    /// Leases run out by the server's clock alone.
    @Suite struct LeaseTests {
        /// Seconds; longer than a busy machine may keep a thread of these tests waiting.
        private static let lease = 2.0

        private let machines: Machines
        private let coordinator: RedisQueue

        init() throws {
            machines = try Machines(leaseSeconds: Self.lease)
            coordinator = try machines.worker("coordinator")
        }

        /// The order that a worker has begun and others wait for.
        private func begun(_ number: Int, in lane: WorkOrder.Lane, by worker: RedisQueue) throws -> Lease {
            _ = try coordinator.enqueue(order(number), in: lane)
            let lease = try #require(try takeEventually(worker))
            #expect(try worker.begin(lease))
            return lease
        }

        @Test(arguments: WorkOrder.Lane.allCases) func aLeaseThatRanOutIsTakenOver(_ lane: WorkOrder.Lane) throws {
            let (a, b) = (try machines.worker("a"), try machines.worker("b"))
            let lease = try begun(1, in: lane, by: a)
            let taken = try #require(try takeEventually(b))
            #expect(taken.id == lease.id && taken.order == lease.order && taken.tries == 1 && taken.lane == lane)
            #expect(try !a.renew(lease), "only its owner renews it")
            #expect(try b.renew(taken))
            try a.release(lease)
            try a.finish(lease, WorkReport(on: lease.order, .failedForGood(reason: "late")))
            #expect(try b.renew(taken), "who lost it ends nothing")
            #expect(try coordinator.reports() == [])
            try a.finish(lease, WorkReport(on: lease.order, .published))
            #expect(try !b.renew(taken), "a result that is there ends it, whoever made it")
            #expect(try coordinator.reports().map(\.outcome) == [.published])
        }

        @Test func aLeaseThatIsRenewedStays() throws {
            let (a, b) = (try machines.worker("a"), try machines.worker("b"))
            let lease = try begun(1, in: .bulk, by: a)
            let end = ContinuousClock.now + .seconds(2.5 * Self.lease)
            while ContinuousClock.now < end {
                #expect(try a.renew(lease))
                #expect(try b.take() == nil)
            }
            try a.finish(lease, WorkReport(on: lease.order, .published))
        }

        /// Who never heard of an order has not died over it.
        @Test func anAnswerThatWasLostCountsForNothing() throws {
            _ = try coordinator.enqueue(order(1), in: .bulk)
            for name in ["a", "b", "c", "d"] {
                let lease = try #require(try takeEventually(machines.worker(name)))
                #expect(lease.tries == 0)
            }
        }

        /// The answer to a worker that begins is lost, twice; it says so again, and dies later.
        @Test func whoBeginsAgainHasBegunOnce() throws {
            let a = try machines.worker("a")
            let lease = try begun(1, in: .bulk, by: a)
            #expect(try a.begin(lease) && a.begin(lease))
            let taken = try #require(try takeEventually(machines.worker("b")))
            #expect(taken.order == lease.order && taken.tries == 1)
        }

        /// A container that is started again has the name that it died by.
        @Test func whoTakesItsOwnWorkAgainHasBegunTwice() throws {
            let a = try machines.worker("a")
            let lease = try begun(1, in: .bulk, by: a)
            let again = try #require(try takeEventually(machines.worker("a")))
            #expect(again.order == lease.order && again.tries == 1)
            #expect(try a.begin(again) && a.begin(again))
            // Twice is enough.
            let b = try machines.worker("b")
            var reports: [WorkReport] = []
            for _ in 0..<500 where reports.isEmpty {
                #expect(try b.take() == nil)
                reports = try coordinator.reports()
                usleep(20_000)
            }
            #expect(reports.map(\.path) == [order(1).path])
        }

        @Test func theThirdDeliveryIsAQuarantine() throws {
            _ = try begun(1, in: .bulk, by: machines.worker("a"))
            _ = try begun(2, in: .live, by: machines.worker("other"))
            // Both are free to be taken by then.
            usleep(UInt32(1.2e6 * Self.lease))
            let other = try #require(try takeEventually(machines.worker("b")))
            #expect(other.order == order(2) && other.tries == 1)
            let b = try machines.worker("c")
            let second = try #require(try takeEventually(b))
            #expect(second.order == order(1))
            #expect(try b.begin(second))
            let third = try machines.worker("d")
            #expect(try third.begin(try #require(try takeEventually(third))), "the live one, its second time")
            var reports: [WorkReport] = []
            for _ in 0..<100 where reports.count < 2 {
                #expect(try third.take()?.order.path != order(1).path)
                reports = try coordinator.reports()
            }
            #expect(reports.allSatisfy { $0.outcome == .died(times: 2) })
            #expect(Set(reports.map(\.path)) == [order(1).path, order(2).path])
            #expect(machines.count("bulk") == 0 && machines.count("live") == 0 && machines.count("dead") == 2)
            #expect(machines.server.ask("HLEN", "autochrome:orders") == "0")
        }

        /// The coordinator gives an order anew, with another id, and the photograph is the same.
        @Test func deathsAreCountedByContent() throws {
            let lease = try begun(1, in: .bulk, by: machines.worker("a"))
            machines.server.ask("XDEL", "autochrome:bulk", lease.id)
            machines.server.ask("HDEL", "autochrome:orders", lease.order.identity.token)
            let again = try begun(1, in: .bulk, by: machines.worker("b"))
            #expect(again.tries == 1 && again.id != lease.id)
            for _ in 0..<100 where machines.count("dead") == 0 {
                #expect(try machines.worker("c").take() == nil)
            }
            #expect(machines.count("dead") == 1)
        }

        /// A host with many slots is gone: the others need not wait for one sweep each.
        @Test func manyLeasesThatRanOutAreTakenOverOneAfterAnother() throws {
            let a = try machines.worker("a")
            for number in 0..<50 { _ = try begun(number, in: number % 2 == 0 ? .bulk : .live, by: a) }
            let b = try machines.worker("b")
            var found: Set<RelativePath> = []
            while found.count < 50, let lease = try takeEventually(b) {
                found.insert(lease.order.path)
                try b.finish(lease, WorkReport(on: lease.order, .published))
            }
            #expect(found.count == 50)
        }
    }
}
