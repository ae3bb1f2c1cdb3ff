import Foundation

/// Admits work by what it takes of something scarce, in order; one piece larger than the whole budget runs alone.
///
/// Sendable because its state is only touched under its condition's lock.
package final class Budget: @unchecked Sendable {
    private let condition = NSCondition()
    private var capacity: Double
    private var used = 0.0
    private var next = 0
    private var serving = 0

    /// A budget of so much, in any unit.
    package init(_ capacity: Double) {
        precondition(capacity > 0, "the budget must be above 0")
        self.capacity = capacity
    }

    /// How many wait for a share.
    var waiting: Int { condition.withLock { next - serving } }

    /// A share of the budget, given back with its last reference.
    package final class Share: Sendable {
        private let budget: Budget
        private let amount: Double

        fileprivate init(_ budget: Budget, _ amount: Double) {
            self.budget = budget
            self.amount = amount
        }

        deinit { budget.release(amount) }
    }

    /// Waits until a share is free; those who wait are served in order, so that none starves.
    package func share(_ amount: Double) -> Share {
        acquire(amount)
        return Share(self, amount)
    }

    /// Changes the budget; shares that are out count in the new one.
    package func resize(_ capacity: Double) {
        precondition(capacity > 0, "the budget must be above 0")
        condition.withLock {
            self.capacity = capacity
            condition.broadcast()
        }
    }

    private func acquire(_ amount: Double) {
        condition.lock()
        defer { condition.unlock() }
        let ticket = next
        next += 1
        while serving != ticket || (used > 0 && used + amount > capacity) { condition.wait() }
        serving += 1
        used += amount
        condition.broadcast()
    }

    fileprivate func release(_ amount: Double) {
        condition.lock()
        used = max(0, used - amount)
        condition.broadcast()
        condition.unlock()
    }
}
