import Digest
import Files

/// One photograph's work, as machines that share an inbox and an outbox are told of it.
package struct WorkOrder: Equatable, Sendable {
    /// How urgent it is; whatever is live goes before all bulk.
    package enum Lane: String, Sendable, CaseIterable {
        /// It arrived while the inbox was watched.
        case live
        /// It lay there when the inbox was first scanned.
        case bulk
    }

    /// The program's version.
    package let version: String
    /// The file's place in the inbox.
    package let path: RelativePath
    /// The inbox as the coordinator calls it.
    package let root: String
    /// Bytes of the file.
    package let size: Int64
    package let identity: WorkIdentity
    /// The settings that differ from the defaults, as lines of YAML.
    package let settings: String

    package init(
        version: String, path: RelativePath, root: String, size: Int64, identity: WorkIdentity, settings: String
    ) {
        self.version = version
        self.path = path
        self.root = root
        self.size = size
        self.identity = identity
        self.settings = settings
    }
}

extension WorkIdentity {
    /// A short name of this work, the same on every machine.
    package var token: String {
        String(ContentHash(of: Array("\(content.hex)\n\(model)\n\(settings)".utf8)).hex.prefix(32))
    }
}

/// An order that a worker holds for as long as it renews it.
package struct Lease: Equatable, Sendable {
    package let order: WorkOrder
    package let lane: WorkOrder.Lane
    /// Names the order in its lane.
    package let id: String
    /// Times that work on this content was begun and not ended.
    package let tries: Int
    /// Seconds since the order was given, by the queue's clock.
    package let age: Double

    package init(order: WorkOrder, lane: WorkOrder.Lane, id: String, tries: Int, age: Double) {
        self.order = order
        self.lane = lane
        self.id = id
        self.tries = tries
        self.age = age
    }
}
