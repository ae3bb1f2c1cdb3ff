import Dispatch
import Synchronization

/// Work that goes on beside its caller until somebody wants its value.
final class Background<Value: Sendable>: Sendable {
    private let result = Mutex<Result<Value, any Error>?>(nil)
    private let group = DispatchGroup()

    init(_ work: @escaping @Sendable () throws -> Value) {
        DispatchQueue.global().async(group: group) { [self] in
            let value = Result(catching: work)
            result.withLock { $0 = value }
        }
    }

    /// Waits for the end of the work.
    /// - Throws: what the work threw.
    func get() throws -> Value {
        group.wait()
        guard let value = result.withLock({ $0 }) else { preconditionFailure("a group waits for its work") }
        return try value.get()
    }
}
