import Dispatch

/// Runs the desk's tasks on threads of their own, so that nothing else in the process keeps an answer waiting.
final class DeskExecutor: TaskExecutor {
    private let queue = DispatchQueue(label: "autochrome.desk", attributes: .concurrent)

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async { [self] in job.runSynchronously(on: asUnownedTaskExecutor()) }
    }
}
