import Foundation

/// Lets many work side by side, or one alone.
///
/// Sendable because its state is only touched under its condition's lock.
final class SharedAccess: @unchecked Sendable {
    private let condition = NSCondition()
    private var working = 0
    private var isExclusive = false

    /// Runs `body` beside others, or alone; waits until that is possible.
    func access<R>(alone: Bool, _ body: () throws -> R) rethrows -> R {
        condition.withLock {
            while isExclusive || (alone && working > 0) { condition.wait() }
            working += 1
            isExclusive = alone
        }
        defer {
            condition.withLock {
                working -= 1
                isExclusive = false
                condition.broadcast()
            }
        }
        return try body()
    }
}
