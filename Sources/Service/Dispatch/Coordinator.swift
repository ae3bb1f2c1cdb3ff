import Files
import Foundation
import Spool
import Synchronization

/// Gives the work of an inbox to a queue that workers on several machines take it from.
///
/// It knows every order that has no report yet, and gives those again that the queue has forgotten.
package final class Coordinator: Sendable {
    /// An order without a report, and the files that wait for it: of one content under several names, there may be many.
    private struct Entry {
        let order: WorkOrder
        let lane: WorkOrder.Lane
        var candidates: [Candidate] = []
    }

    private struct State {
        var entries: [WorkIdentity: Entry] = [:]
        var counts: [WorkOrder.Lane: Int] = [:]
        var look: QueueLook?
        var trouble: String?

        mutating func remove(_ identity: WorkIdentity) -> [Candidate] {
            guard let entry = entries.removeValue(forKey: identity) else { return [] }
            counts[entry.lane, default: 0] -= 1
            return entry.candidates
        }
    }

    /// Orders that the queue holds at once of each lane, and in each case enough for all workers.
    ///
    /// More of the bulk would only cost memory; more live ones would keep the folders from taking turns.
    private static let windows: [WorkOrder.Lane: Int] = [.live: 100, .bulk: 1000]

    let about: QueueDescription
    private let queue: any WorkQueue
    private let state = Mutex(State())

    /// - Parameter queue: For all but the wait for reports.
    package init(queue: any WorkQueue, about: QueueDescription) {
        self.queue = queue
        self.about = about
    }

    /// The queue as it was last seen.
    package var look: QueueLook? { state.withLock { $0.look } }
    /// Why the queue cannot be used; nil where it can.
    package var trouble: String? { state.withLock { $0.trouble } }

    /// Gives an order, or lets a file wait for the same one.
    func give(_ order: WorkOrder, for candidate: Candidate) throws {
        let lane = WorkOrder.Lane(candidate.origin)
        // First of all: its report may come at once.
        let isNew = state.withLock { state in
            let isNew = state.entries[order.identity] == nil
            if isNew { state.counts[lane, default: 0] += 1 }
            state.entries[order.identity, default: Entry(order: order, lane: lane)].candidates.append(candidate)
            return isNew
        }
        if !isNew { return }
        do {
            _ = try queue.enqueue(order, in: lane)
        } catch {
            state.withLock { state in
                _ = state.remove(order.identity)
                state.trouble = "\(error)"
            }
            throw error
        }
    }

    /// Ends an order, and returns the files that waited for it.
    func end(_ identity: WorkIdentity) -> [Candidate] { state.withLock { $0.remove(identity) } }

    /// The files that are to be kept back, since the queue holds enough orders of their lane.
    var heldOrigins: Set<Candidate.Origin> {
        state.withLock { state in
            let slots = state.look?.hosts.filter(\.isAlive).reduce(0) { $0 + $1.slots } ?? 0
            return Set(
                [Candidate.Origin.arrival, .backlog].filter {
                    let lane = WorkOrder.Lane($0)
                    return state.counts[lane] ?? 0 >= max(Self.windows[lane]!, 2 * slots)
                })
        }
    }

    /// Becomes or stays the coordinator, and looks at the queue; an error is kept as trouble.
    ///
    /// - Returns: Whether the queue could not be used before and can be used now.
    func keepOffice() throws(WorkQueueError) -> Bool {
        do {
            try queue.reign(about)
            let look = try queue.look()
            return state.withLock { state in
                defer { (state.look, state.trouble) = (look, nil) }
                return state.trouble != nil
            }
        } catch {
            state.withLock { $0.trouble = "\(error)" }
            throw error
        }
    }

    func leaveOffice() { try? queue.abdicate(about) }

    /// Gives all orders again that have no report: those that the queue still knows, it refuses.
    ///
    /// - Returns: The number of those that it had forgotten.
    func giveAgain() throws(WorkQueueError) -> Int {
        var count = 0
        for entry in state.withLock({ Array($0.entries.values) }) {
            // One that has ended meanwhile need not come back.
            guard state.withLock({ $0.entries[entry.order.identity] != nil }) else { continue }
            if try queue.enqueue(entry.order, in: entry.lane) { count += 1 }
        }
        try queue.tidy()
        return count
    }
}

extension WorkOrder.Lane {
    fileprivate init(_ origin: Candidate.Origin) { self = origin == .arrival ? .live : .bulk }
}
