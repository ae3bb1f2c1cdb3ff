import NIOPosix
import Synchronization

/// Threads for what may take time, so that neither event loops nor tasks ever wait for a disk.
final class Threads: Sendable {
    private let pool: NIOThreadPool
    private let limit: Int
    private let waiting = Atomic<Int>(0)

    /// - Parameter limit: Pieces of work that may wait or run at once; more are refused.
    init(_ count: Int, limit: Int) {
        pool = NIOThreadPool(numberOfThreads: count)
        self.limit = limit
        pool.start()
    }

    /// Runs a piece of work on one of the threads.
    func run<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
        guard waiting.wrappingAdd(1, ordering: .relaxed).newValue <= limit else {
            waiting.wrappingSubtract(1, ordering: .relaxed)
            throw Refusal.busy
        }
        defer { waiting.wrappingSubtract(1, ordering: .relaxed) }
        return try await pool.runIfActive(body)
    }

    func stop() { pool.shutdownGracefully { _ in } }
}
