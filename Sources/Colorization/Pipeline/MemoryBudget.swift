import Foundation

/// Admits work by the megapixels it holds in memory; one piece larger than the whole budget runs alone.
///
/// Sendable because its state is only touched under its condition's lock.
package final class MemoryBudget: @unchecked Sendable {
    private let condition = NSCondition()
    private var capacity: Double
    private var used = 0.0
    private var next = 0
    private var serving = 0

    /// A budget of so many megapixels.
    package init(megapixels: Double) {
        precondition(megapixels > 0, "the budget must be above 0")
        capacity = megapixels
    }

    /// A share of the budget, given back with its last reference.
    package final class Share: Sendable {
        private let budget: MemoryBudget
        private let megapixels: Double

        fileprivate init(_ budget: MemoryBudget, _ megapixels: Double) {
            self.budget = budget
            self.megapixels = megapixels
        }

        deinit { budget.release(megapixels) }
    }

    /// Waits until a share is free; those who wait are served in order, so that none starves.
    package func share(megapixels: Double) -> Share {
        acquire(megapixels)
        return Share(self, megapixels)
    }

    /// Changes the budget; shares that are out count in the new one.
    package func resize(megapixels: Double) {
        precondition(megapixels > 0, "the budget must be above 0")
        condition.withLock {
            capacity = megapixels
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
