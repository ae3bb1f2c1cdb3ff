import Files
import Foundation
import Spool

/// Where workers wait for files: a queue that can be paused and closed.
///
/// Sendable because its state is only touched under its condition's lock.
package final class WorkGate: @unchecked Sendable {
    private let condition = NSCondition()
    private var queue = WorkQueue()
    /// How many workers have each file: one may be queued again, and taken, before the first is done with it.
    private var inHand: [RelativePath: Int] = [:]
    private var pause: (reason: String, since: ContinuousClock.Instant)?
    private var closed = false

    package init() {}

    /// Adds a file; one that is queued already keeps its place.
    package func push(_ candidate: Candidate) {
        condition.withLock {
            queue.push(candidate)
            // Not one thread alone: that may be the one that waits for the end.
            condition.broadcast()
        }
    }

    /// Waits for a file; nil once the gate is closed.
    package func take() -> Candidate? {
        condition.withLock {
            while true {
                if closed { return nil }
                if pause == nil, let candidate = queue.pop() {
                    inHand[candidate.path, default: 0] += 1
                    return candidate
                }
                condition.wait()
            }
        }
    }

    /// Notes that a worker is done with a file.
    package func finish(_ candidate: Candidate) {
        condition.withLock {
            let rest = (inHand[candidate.path] ?? 0) - 1
            inHand[candidate.path] = rest > 0 ? rest : nil
            condition.broadcast()
        }
    }

    /// Hands out nothing more until `resume()`.
    package func pause(_ reason: String) { condition.withLock { pause = (reason, .now) } }

    package func resume() {
        condition.withLock {
            pause = nil
            condition.broadcast()
        }
    }

    /// Hands out nothing more, ever.
    package func close() {
        condition.withLock {
            closed = true
            condition.broadcast()
        }
    }

    /// Why nothing is handed out; nil where nothing is in the way.
    package var pauseReason: String? { condition.withLock { pause?.reason } }
    /// For how long nothing has been handed out; nil where nothing is in the way.
    package var pauseDuration: Duration? { condition.withLock { pause.map { $0.since.duration(to: .now) } } }
    package var isClosed: Bool { condition.withLock { closed } }
    package var queued: Int { condition.withLock { queue.count } }
    package var isIdle: Bool { condition.withLock { inHand.isEmpty && queue.isEmpty } }

    /// Waits until nothing is queued or in hand, the gate is closed, or it is paused with nothing in hand.
    package func waitUntilIdle() {
        condition.withLock {
            while !closed, !(inHand.isEmpty && (queue.isEmpty || pause != nil)) { condition.wait() }
        }
    }
}
