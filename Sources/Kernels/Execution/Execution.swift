import Dispatch
import Synchronization

/// How many threads one call may use.
///
/// Kernels cut their work into items whose arithmetic does not depend on the number of threads, so results are
/// bit-identical for any value.
package struct Execution: Sendable {
    /// Upper bound of the threads that work at the same time, at least 1.
    package private(set) var threads: Int
    /// Whether training avoids Winograd's larger roundings, for comparisons.
    package let isExact: Bool
    /// Counts the arithmetic of layers where it is set.
    package var counter: OperationCounter?

    /// An execution on at most `threads` threads.
    package init(threads: Int = 1, isExact: Bool = false) {
        precondition(threads >= 1, "an execution needs at least one thread, not \(threads)")
        self.threads = threads
        self.isExact = isExact
    }

    /// Everything on the calling thread.
    package static let single = Execution()

    /// Calls `body` once for each index in `0..<count`, in any order, on at most `threads` threads, and waits.
    package func parallel(_ count: Int, _ body: @Sendable (Int) -> Void) {
        spread(count, body)
    }

    /// The values of `body` for all indices, computed in parallel.
    package func map<Value: Sendable>(_ count: Int, _ body: @Sendable (Int) -> Value) -> [Value] {
        let values = Mutex([Value?](repeating: nil, count: count))
        parallel(count) { index in
            let value = body(index)
            values.withLock { $0[index] = value }
        }
        return values.withLock { $0.compactMap(\.self) }
    }

    /// The same on a single thread, for each of several calls that run in parallel.
    package var share: Execution {
        var share = self
        share.threads = 1
        return share
    }

    /// Like `parallel`, for kernels, whose bodies write to disjoint parts of memory through pointers.
    ///
    /// The compiler cannot check pointers, so that `body` need not be `Sendable`; kernels ensure that the parts are
    /// disjoint.
    func spread(_ count: Int, _ body: (Int) -> Void) {
        let workers = min(threads, count)
        guard workers > 1 else {
            for index in 0..<max(0, count) { body(index) }
            return
        }
        let next = Atomic(0)
        withoutActuallyEscaping(body) { body in
            nonisolated(unsafe) let body = body
            DispatchQueue.concurrentPerform(iterations: workers) { _ in
                while true {
                    let index = next.wrappingAdd(1, ordering: .relaxed).oldValue
                    if index >= count { return }
                    body(index)
                }
            }
        }
    }

    /// Cuts `0..<count` into runs of `step` and spreads the runs.
    func spread(_ count: Int, by step: Int, _ body: (Range<Int>) -> Void) {
        spread((count &+ step &- 1) / step) { index in
            body(index &* step..<min(count, (index &+ 1) &* step))
        }
    }
}
