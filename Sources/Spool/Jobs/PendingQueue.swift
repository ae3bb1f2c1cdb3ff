import Files
import Foundation

/// The files that wait for a worker, in fair order; it can be paused and closed.
///
/// Sendable because its state is only touched under its condition's lock.
package final class PendingQueue: @unchecked Sendable {
    private let condition = NSCondition()
    private var waiting = FairLanes()
    /// The number of workers that have each file: one may be added again, and taken, before the first is done with it.
    private var inHand: [RelativePath: Int] = [:]
    private var pause: (reason: String, since: ContinuousClock.Instant)?
    private var held: Set<Candidate.Origin> = []
    private var closed = false

    package init() {}

    /// Adds a file; one that waits already keeps its place.
    package func push(_ candidate: Candidate) { change { $0.push(candidate) } }

    /// Adds a file as it was known before, unless it waits already, perhaps as it is by now.
    package func pushIfAbsent(_ candidate: Candidate) { change { $0.pushIfAbsent(candidate) } }

    private func change(_ change: (inout FairLanes) -> Void) {
        condition.withLock {
            change(&waiting)
            // Not one thread alone: that may be the one that waits for the end.
            condition.broadcast()
        }
    }

    /// Waits for a file; nil once the queue is closed.
    package func take() -> Candidate? {
        condition.withLock {
            while true {
                if closed { return nil }
                if pause == nil, let candidate = waiting.pop(besides: held) {
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

    /// Hands out no files of some origins, until this is called again.
    package func hold(_ origins: Set<Candidate.Origin>) {
        condition.withLock {
            if held == origins { return }
            held = origins
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

    /// The reason of the pause; nil where there is none.
    package var pauseReason: String? { condition.withLock { pause?.reason } }
    /// The age of the pause; nil where there is none.
    package var pauseDuration: Duration? { condition.withLock { pause.map { $0.since.duration(to: .now) } } }
    package var isClosed: Bool { condition.withLock { closed } }
    /// The number of files that wait.
    package var count: Int { condition.withLock { waiting.count } }
    package var isIdle: Bool { condition.withLock { inHand.isEmpty && waiting.isEmpty } }

    /// Waits until no file waits or is in hand, the queue is closed, or it is paused with no file in hand.
    package func waitUntilIdle() {
        condition.withLock {
            while !closed, !(inHand.isEmpty && (waiting.isEmpty || pause != nil)) { condition.wait() }
        }
    }
}
