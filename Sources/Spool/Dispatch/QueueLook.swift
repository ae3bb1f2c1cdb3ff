/// What a coordinator tells its workers.
package struct QueueDescription: Equatable, Sendable {
    /// The id in the markers of inbox and outbox.
    package var folders: String
    /// Which coordinator this is; the same after a restart.
    package var coordinator: String
    package var version: String
    /// SHA-256 of the model in hexadecimal.
    package var model: String
    /// Seconds after which a lease that was not renewed is taken over.
    package var leaseSeconds: Double

    package init(folders: String, coordinator: String, version: String, model: String, leaseSeconds: Double) {
        self.folders = folders
        self.coordinator = coordinator
        self.version = version
        self.model = model
        self.leaseSeconds = leaseSeconds
    }
}

/// A machine that works on orders.
package struct QueueHost: Codable, Equatable, Sendable {
    package var name: String
    package var process: Int32
    package var version: String
    package var model: String
    /// Photographs that it works on side by side.
    package var slots: Int
    package var inHand: Int
    /// Orders that it ended since its start.
    package var done: Int
    /// Why it takes nothing just now; absent where there is no reason.
    package var paused: String?
    /// Seconds since it was last heard of, by the queue's clock; absent when it speaks of itself.
    package var silent: Double?

    /// Whether it was heard of lately: it speaks every five seconds.
    package var isAlive: Bool { silent ?? 0 < 30 }

    package init(
        name: String, process: Int32, version: String, model: String, slots: Int, inHand: Int, done: Int,
        paused: String? = nil
    ) {
        self.name = name
        self.process = process
        self.version = version
        self.model = model
        self.slots = slots
        self.inHand = inHand
        self.done = done
        self.paused = paused
    }
}

/// Orders, leases and hosts at one moment.
package struct QueueLook: Codable, Equatable, Sendable {
    /// An order that a worker holds.
    package struct Held: Codable, Equatable, Sendable {
        package var path: String
        package var worker: String
        /// Seconds since the lease was taken or renewed.
        package var idle: Double
        /// Times that it was handed out.
        package var deliveries: Int

        package init(path: String, worker: String, idle: Double, deliveries: Int) {
            self.path = path
            self.worker = worker
            self.idle = idle
            self.deliveries = deliveries
        }
    }

    /// Orders that are live, those in hand among them.
    package var live: Int
    package var bulk: Int
    /// Orders that were given up since workers died over them.
    package var dead: Int
    package var reports: Int
    /// The number of leases.
    package var held: Int
    /// Some of the leases, those of the live ones first.
    package var leases: [Held]
    package var hosts: [QueueHost]
    /// Bytes that the queue's server uses.
    package var bytes: Int

    package init(
        live: Int, bulk: Int, dead: Int, reports: Int, held: Int, leases: [Held], hosts: [QueueHost], bytes: Int
    ) {
        self.live = live
        self.bulk = bulk
        self.dead = dead
        self.reports = reports
        self.held = held
        self.leases = leases
        self.hosts = hosts
        self.bytes = bytes
    }
}
