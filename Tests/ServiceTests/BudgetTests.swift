import Foundation
import Synchronization
import TestSupport
import Testing

@testable import Colorization

@Suite struct BudgetTests {
    @Test func neverMoreThanTheBudgetIsOut() {
        let budget = Budget(10)
        let used = Mutex((now: 0.0, most: 0.0, served: 0))
        DispatchQueue.concurrentPerform(iterations: 64) { index in
            let amount = Double(1 + index * 7 % 6)
            let share = budget.share(amount)
            used.withLock {
                $0.now += amount
                $0.most = max($0.most, $0.now)
                $0.served += 1
            }
            Thread.sleep(forTimeInterval: 0.001)
            used.withLock { $0.now -= amount }
            withExtendedLifetime(share) {}
        }
        let (now, most, served) = used.withLock { $0 }
        #expect(served == 64)
        #expect(most <= 10)
        #expect(now == 0)
    }

    @Test func oneLargerThanTheBudgetRunsAlone() {
        let budget = Budget(10)
        let events = Mutex<[String]>([])
        var small: Budget.Share? = budget.share(1)
        let finished = DispatchSemaphore(value: 0)
        Thread.detachNewThread {
            let share = budget.share(500)
            events.withLock { $0.append("large") }
            withExtendedLifetime(share) {}
            finished.signal()
        }
        Thread.sleep(forTimeInterval: 0.05)
        events.withLock { $0.append("small ends") }
        withExtendedLifetime(small) {}
        small = nil
        finished.wait()
        #expect(events.withLock { $0 } == ["small ends", "large"])
        // The whole budget is free again.
        withExtendedLifetime(budget.share(10)) {}
    }

    @Test func whatIsOutCountsWhenTheBudgetChanges() {
        let budget = Budget(10)
        let events = Mutex<[String]>([])
        var first: Budget.Share? = budget.share(10)
        let finished = DispatchSemaphore(value: 0)
        func enter(_ name: String, _ amount: Double) {
            Thread.detachNewThread {
                let share = budget.share(amount)
                events.withLock { $0.append(name) }
                withExtendedLifetime(share) {}
                finished.signal()
            }
        }
        enter("second", 5)
        Thread.sleep(forTimeInterval: 0.03)
        #expect(events.withLock { $0 } == [], "there is no room beside the first")
        budget.resize(15)
        finished.wait()
        #expect(events.withLock { $0 } == ["second"])
        budget.resize(5)
        enter("third", 1)
        Thread.sleep(forTimeInterval: 0.03)
        events.withLock { $0.append("first ends") }
        withExtendedLifetime(first) {}
        first = nil
        finished.wait()
        #expect(events.withLock { $0 } == ["second", "first ends", "third"])
    }

    /// A large one that waits is not overtaken by small ones for ever.
    @Test func thoseWhoWaitAreServedInOrder() {
        let budget = Budget(10)
        let order = Mutex<[Int]>([])
        var first: Budget.Share? = budget.share(10)
        let group = DispatchGroup()
        for index in 0..<6 {
            group.enter()
            Thread.detachNewThread {
                let share = budget.share(10)
                order.withLock { $0.append(index) }
                withExtendedLifetime(share) {}
                group.leave()
            }
            #expect(eventually { budget.waiting == index + 1 })
        }
        withExtendedLifetime(first) {}
        first = nil
        group.wait()
        #expect(order.withLock { $0 } == [0, 1, 2, 3, 4, 5])
    }
}
