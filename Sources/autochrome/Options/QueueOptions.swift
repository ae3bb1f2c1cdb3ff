import ArgumentParser
import Queue
import Service

/// Through which queue several machines work.
struct QueueOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Redis through which several machines work: redis://HOST:PORT/DB or unix:///PATH.", valueName: "url"))
    var queue: String?

    func apply(to configuration: inout Configuration) {
        if let queue { configuration.queue = queue }
    }

    /// Makes the queue of an address.
    static func connect(_ address: String) throws -> QueueConnector {
        let address = try RedisAddress(address)
        return QueueConnector { RedisQueue(address, worker: $0, terms: .init(leaseSeconds: $1)) }
    }
}
