import Dispatch
import Foundation

/// A fixed number of workers on a Dispatch queue that take jobs from a source until it ends.
package final class WorkerPool: Sendable {
    private let queue = DispatchQueue(label: "autochrome.workers", attributes: .concurrent)
    private let group = DispatchGroup()

    package init() {}

    /// Starts the workers.
    ///
    /// - Parameters:
    ///   - take: Waits for a job; nil ends the worker.
    ///   - work: Does one job.
    package func start<Job: Sendable>(
        workers: Int, take: @escaping @Sendable () -> Job?, work: @escaping @Sendable (Job) -> Void
    ) {
        for _ in 0..<workers {
            queue.async(group: group) {
                while let job = take() { work(job) }
            }
        }
    }

    /// Waits until every worker has ended.
    package func wait() { group.wait() }
}
