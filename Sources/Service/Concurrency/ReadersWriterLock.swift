import Foundation

/// Lets many work side by side, or one alone.
///
/// Sendable because its state is only touched under its condition's lock.
final class ReadersWriterLock: @unchecked Sendable {
    private let condition = NSCondition()
    private var working = 0
    private var isExclusive = false
    /// The number of those who wait to be alone; others let them go first, since a steady flow would never end.
    private var waitingAlone = 0

    /// Whether somebody waits to be alone.
    var isAwaited: Bool { condition.withLock { waitingAlone > 0 } }

    /// Runs `body` beside others, or alone; waits until that is possible.
    func access<R>(alone: Bool, _ body: () throws -> R) rethrows -> R {
        condition.withLock {
            waitingAlone += alone ? 1 : 0
            while isExclusive || (alone ? working > 0 : waitingAlone > 0) { condition.wait() }
            waitingAlone -= alone ? 1 : 0
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
