/// Hands orders to workers on several machines, and their reports back.
///
/// It is an index for dispatch, and no more: the files and the job store stay the truth. One that forgets costs time,
/// since the coordinator gives the orders again that have no result. Each call throws `WorkQueueError` where the queue
/// cannot be asked just now; no call is to be relied upon to have happened or not then, and each may be made again.
package protocol WorkQueue: Sendable {
    // MARK: The coordinator's part

    /// Becomes or stays the one coordinator, and tells workers what they need to know.
    ///
    /// - Throws: `WorkQueueError.refused` where another is.
    func reign(_ about: QueueDescription) throws(WorkQueueError)

    /// Gives the office up.
    func abdicate(_ about: QueueDescription) throws(WorkQueueError)

    /// Gives an order; false where the same work is there already.
    func enqueue(_ order: WorkOrder, in lane: WorkOrder.Lane) throws(WorkQueueError) -> Bool

    /// The reports that have come, the oldest first; waits for about a second where there are none.
    func reports() throws(WorkQueueError) -> [WorkReport]

    /// Forgets workers that have been gone for long.
    func tidy() throws(WorkQueueError)

    /// Drops reports that are dealt with.
    func drop(_ reports: [WorkReport]) throws(WorkQueueError)

    /// Orders, leases and hosts as they stand.
    func look() throws(WorkQueueError) -> QueueLook

    // MARK: A worker's part

    /// What the coordinator has told of itself; nil where none has been there.
    func about() throws(WorkQueueError) -> QueueDescription?

    /// The next order: a live one, one whose lease ran out, or one of the bulk; nil after a second without any.
    func take() throws(WorkQueueError) -> Lease?

    /// Says that work begins, which may be said again; false where the lease is another's by now.
    func begin(_ lease: Lease) throws(WorkQueueError) -> Bool

    /// Keeps a lease; false where it is another's by now.
    func renew(_ lease: Lease) throws(WorkQueueError) -> Bool

    /// Ends an order with a report; without the lease only a published result counts.
    func finish(_ lease: Lease, _ report: WorkReport) throws(WorkQueueError)

    /// Gives an order back as if it had not been begun.
    func release(_ lease: Lease) throws(WorkQueueError)

    /// Tells of this machine.
    func greet(_ host: QueueHost) throws(WorkQueueError)

    /// Says that this machine works no longer.
    func leave(_ host: QueueHost) throws(WorkQueueError)
}

/// Why a queue did not do what it was asked.
package enum WorkQueueError: Error, Equatable, Sendable {
    /// It cannot be reached.
    case away(String)
    /// It answers, and refuses: it is full, read-only or still loading.
    case refusing(String)
    /// It serves another inbox or another coordinator.
    case refused(String)
    /// Its address is none.
    case address(String)
}

extension WorkQueueError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .away(let reason), .refusing(let reason), .refused(let reason): "the queue: \(reason)"
        case .address(let reason): reason
        }
    }
}
