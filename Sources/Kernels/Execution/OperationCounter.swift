import Synchronization

/// Adds up the arithmetic of the layers that are run with it, as the direct method would need it.
///
/// A layer counts the same whichever way it is computed, so that rates can be compared with other libraries'.
package final class OperationCounter: Sendable {
    private let multiplications = Atomic<Int>(0)

    package init() {}

    /// Multiplications and additions so far.
    package var operations: Int { 2 * multiplications.load(ordering: .relaxed) }

    func add(multiplications count: Int) {
        multiplications.add(count, ordering: .relaxed)
    }
}
