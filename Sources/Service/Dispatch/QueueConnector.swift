import Files
import Foundation
import Spool

/// Makes queues for the threads of this process, as the program wires them.
package struct QueueConnector: Sendable {
    private let make: @Sendable (_ worker: String, _ leaseSeconds: Double) -> any WorkQueue

    /// - Parameter make: Makes a queue of its own for a worker whose name no other has.
    package init(make: @escaping @Sendable (_ worker: String, _ leaseSeconds: Double) -> any WorkQueue) {
        self.make = make
    }

    /// A queue for one thread of this process.
    func queue(_ purpose: String, leaseSeconds: Double) -> any WorkQueue {
        make("\(HostIdentity.hostName)-\(HostIdentity.current.boot)-\(getpid())/\(purpose)", leaseSeconds)
    }
}
