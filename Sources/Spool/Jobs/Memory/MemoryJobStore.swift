import Foundation

/// The record of every file's state in memory, which ends with its process.
///
/// It is made for tests and for few files: most queries look at every job.
///
/// The compiler cannot check that this is safe to share: the table is reached under the lock alone.
package final class MemoryJobStore: JobStore, @unchecked Sendable {
    package let policy: RetryPolicy
    private let lock = NSLock()
    private let table = MemoryJobTable()

    package init(policy: RetryPolicy = RetryPolicy()) throws {
        try policy.validate()
        self.policy = policy
    }

    package func write<Value>(_ body: (any MutableJobTable) throws -> Value) throws -> Value {
        try lock.withLock {
            do {
                let value = try body(table)
                table.commit()
                return value
            } catch {
                table.rollBack()
                throw error
            }
        }
    }

    package func read<Value>(_ body: (any JobTable) throws -> Value) throws -> Value {
        try lock.withLock { try body(table) }
    }

    /// Without a limit: it takes no room on a disk.
    package func freeSpace() -> Int64 { .max }
}
