/// The record of every file's state.
///
/// A store is an index, not the truth: inbox and outbox are. Whoever changes a state records it here first and moves
/// files after; the next arrival of a recorded file says what is left to do, so that a crash between the two loses
/// nothing.
///
/// A driver offers transactions over the primitives of `JobTable`; the rules are written once, in extensions of this
/// protocol, and each of their calls is one transaction unless it says otherwise.
package protocol JobStore: Sendable {
    /// How often and how late files are tried again.
    var policy: RetryPolicy { get }

    /// Runs a transaction alone and returns when its changes are kept; one whose body throws changes nothing.
    ///
    /// The table is valid only until the body returns. The body must not call the store.
    func write<Value>(_ body: (any MutableJobTable) throws -> Value) throws -> Value

    /// Looks at one state of the record, which nobody changes until the body returns.
    ///
    /// The table is valid only until the body returns. The body must not call the store.
    func read<Value>(_ body: (any JobTable) throws -> Value) throws -> Value

    /// Bytes that may still be written where the record is kept.
    func freeSpace() throws -> Int64
}
