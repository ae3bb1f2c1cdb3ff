import Dispatch

/// A fixed number of workers that take jobs from a source until it ends.
///
/// Workers block while they wait for a job, for memory or for a helper process, and a concurrent queue lends about one
/// thread a core. Each worker therefore has a serial queue: Dispatch gives those a thread each. It does so for 255 of one
/// quality of service; the workers' is not the default, so that they never take the other queues' threads.
package final class WorkerPool: Sendable {
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
        for number in 0..<workers {
            DispatchQueue(label: "autochrome.worker.\(number)", qos: .utility).async(group: group) {
                while let job = take() { work(job) }
            }
        }
    }

    /// Waits until every worker has ended.
    package func wait() { group.wait() }
}
