import Foundation
import Spool
import Synchronization

/// Renews the leases of a process's slots, each by the slot's own queue.
final class LeaseKeeper: Sendable {
    /// A lease in hand.
    final class Holding: Sendable {
        let lease: Lease
        fileprivate let queue: any WorkQueue
        private let lost = Atomic(false)

        fileprivate init(_ lease: Lease, _ queue: any WorkQueue) {
            self.lease = lease
            self.queue = queue
        }

        /// Whether another worker has it by now.
        var isLost: Bool { lost.load(ordering: .relaxed) }
        fileprivate func lose() { lost.store(true, ordering: .relaxed) }
    }

    private let holdings = Mutex<[Int: Holding]>([:])

    var count: Int { holdings.withLock { $0.count } }

    func hold(_ lease: Lease, slot: Int, _ queue: any WorkQueue) -> Holding {
        let holding = Holding(lease, queue)
        holdings.withLock { $0[slot] = holding }
        return holding
    }

    func letGo(slot: Int) { holdings.withLock { $0[slot] = nil } }

    /// Renews all; a queue that cannot be asked just now leaves them as they are.
    func renew() {
        for holding in holdings.withLock({ Array($0.values) }) where !holding.isLost {
            if (try? holding.queue.renew(holding.lease)) == false, isHeld(holding) { holding.lose() }
        }
    }

    /// Whether a lease was not let go while it was renewed.
    private func isHeld(_ holding: Holding) -> Bool { holdings.withLock { $0.values.contains { $0 === holding } } }
}
