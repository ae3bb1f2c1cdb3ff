import Foundation

/// Lets one at a time work under each key, so that the same work is not begun twice side by side.
///
/// Sendable because its state is only touched under its condition's lock.
final class KeyedLock<Key: Hashable & Sendable>: @unchecked Sendable {
    private let condition = NSCondition()
    private var taken: Set<Key> = []

    /// Runs `body` once nobody else is at work under the key.
    func take<R>(_ key: Key, _ body: () throws -> R) rethrows -> R {
        condition.withLock {
            while !taken.insert(key).inserted { condition.wait() }
        }
        defer {
            condition.withLock {
                taken.remove(key)
                condition.broadcast()
            }
        }
        return try body()
    }
}
