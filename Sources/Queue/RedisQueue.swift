import Foundation
import Spool
import Synchronization

/// A queue of orders in the streams of a Redis server.
///
/// It has one connection: each thread that waits in `take` or `reports` needs a queue of its own.
package final class RedisQueue: WorkQueue {
    /// The keys; a database serves one inbox.
    enum Key: String, CaseIterable {
        case live, bulk, dead, orders, tries, begun, reports, swept, coordinator, about, hosts

        var word: RedisWord { RedisWord("autochrome:" + rawValue) }

        init(_ lane: WorkOrder.Lane) { self = lane == .live ? .live : .bulk }
    }

    /// How long things may take.
    package struct Terms: Sendable, Equatable {
        /// Seconds after which a lease that was not renewed is taken over.
        package var leaseSeconds = 60.0
        /// Times that work on one content may be begun without an end.
        package var tries = 2

        /// Seconds that an answer may take: less than the time to the next renewal but one.
        var patience: Double
        /// Milliseconds to wait for something new.
        let wait: Int

        package init(leaseSeconds: Double = 60) {
            self.leaseSeconds = leaseSeconds
            patience = min(10, max(0.5, leaseSeconds / 3))
            wait = Int(min(1000, patience * 500))
        }

        var lease: Int { Int(leaseSeconds * 1000) }
    }

    package let terms: Terms
    /// Names this worker among all.
    let worker: String
    private let connection: Mutex<RedisConnection>
    /// The names that the server has given the scripts: their hashes.
    private let hashes = Mutex<[String: String]>([:])

    /// - Parameter worker: A name that no other worker has.
    package init(_ address: RedisAddress, worker: String, terms: Terms = Terms()) {
        self.worker = worker
        self.terms = terms
        connection = Mutex(RedisConnection(address, patience: terms.patience))
    }

    /// Sends a command; an error that the server answers is thrown.
    func send(_ words: [RedisWord]) throws(WorkQueueError) -> RedisReply {
        let reply = try connection.withLock { (connection) throws(WorkQueueError) in try connection.send(words) }
        if case .error(let reason) = reply { throw .refusing(reason) }
        return reply
    }

    /// Runs a script; one that the server does not know, or no longer, is sent to it first.
    func run(_ script: Script, _ keys: [Key], _ arguments: [RedisWord]) throws(WorkQueueError) -> RedisReply {
        let rest = [number(keys.count)] + keys.map(\.word) + arguments
        if let hash = hashes.withLock({ $0[script.name] }) {
            do {
                return try send(["EVALSHA", RedisWord(hash)] + rest)
            } catch .refusing(let reason) where reason.hasPrefix("NOSCRIPT") {
                // The server was started again.
            }
        }
        let hash = try send(["SCRIPT", "LOAD", RedisWord(bytes: script.source)]).string
        hashes.withLock { $0[script.name] = hash }
        return try send(["EVALSHA", RedisWord(hash)] + rest)
    }
}

// MARK: A worker's part

extension RedisQueue {
    package func take() throws(WorkQueueError) -> Lease? {
        let reply = try run(
            .take, [.live, .bulk, .dead, .orders, .tries, .reports, .swept, .begun],
            [RedisWord(worker), number(terms.lease), number(terms.tries)])
        let items = reply.items
        if items.count == 5 {
            return lease(
                stream: items[0].string, id: items[1].string, fields: items[2].fields, tries: items[3].number,
                age: Double(items[4].number) / 1000)
        }
        return try wait()
    }

    /// Waits for a live order: the server wakes one of those that wait, and not all.
    private func wait() throws(WorkQueueError) -> Lease? {
        let reply: RedisReply
        do {
            reply = try send([
                "XREADGROUP", "GROUP", "workers", RedisWord(worker), "COUNT", "1", "BLOCK", number(terms.wait),
                "STREAMS", Key.live.word, ">",
            ])
        } catch .refusing(let reason) where reason.hasPrefix("NOGROUP") || reason.hasPrefix("UNBLOCKED") {
            // All was forgotten; `take` makes the groups anew.
            return nil
        }
        guard let entry = reply.items.first?.items.last?.items.first?.items, entry.count == 2 else { return nil }
        let fields = entry[1].fields
        let tries = try send(["HGET", Key.tries.word, RedisWord(fields["content"] ?? "")]).number
        return lease(stream: "autochrome:live", id: entry[0].string, fields: fields, tries: tries, age: 0)
    }

    private func lease(stream: String, id: String, fields: [String: String], tries: Int, age: Double) -> Lease? {
        let lane: WorkOrder.Lane = stream.hasSuffix(Key.live.rawValue) ? .live : .bulk
        // What is no order of ours would come again and again.
        guard let order = WorkOrder(fields: fields) else {
            _ = try? send(["XACK", Key(lane).word, "workers", RedisWord(id)])
            _ = try? send(["XDEL", Key(lane).word, RedisWord(id)])
            return nil
        }
        return Lease(order: order, lane: lane, id: id, tries: tries, age: age)
    }

    package func begin(_ lease: Lease) throws(WorkQueueError) -> Bool {
        try renew(lease, content: lease.order.identity.content.hex)
    }

    package func renew(_ lease: Lease) throws(WorkQueueError) -> Bool { try renew(lease, content: "") }

    private func renew(_ lease: Lease, content: String) throws(WorkQueueError) -> Bool {
        try run(
            .renew, [Key(lease.lane), .tries, .begun], [RedisWord(worker), RedisWord(lease.id), RedisWord(content)]
        ).number == 1
    }

    package func finish(_ lease: Lease, _ report: WorkReport) throws(WorkQueueError) {
        _ = try run(
            .finish, [Key(lease.lane), .orders, .tries, .reports, .begun],
            names(lease) + [report.outcome == .published ? "1" : "0"] + report.fields)
    }

    package func release(_ lease: Lease) throws(WorkQueueError) {
        _ = try run(.release, [Key(lease.lane), .orders, .tries, .begun], names(lease))
    }

    private func names(_ lease: Lease) -> [RedisWord] {
        let identity = lease.order.identity
        return [worker, lease.id, identity.token, identity.content.hex].map { RedisWord($0) }
    }

    package func greet(_ host: QueueHost) throws(WorkQueueError) {
        let document = (try? JSONEncoder().encode(host)) ?? Data()
        _ = try run(.greet, [.hosts], [host.key, RedisWord(bytes: Array(document))])
    }

    package func leave(_ host: QueueHost) throws(WorkQueueError) {
        _ = try send(["HDEL", Key.hosts.word, host.key])
    }

    package func about() throws(WorkQueueError) -> QueueDescription? {
        let fields = try send(["HGETALL", Key.about.word]).fields
        guard let folders = fields["folders"], let version = fields["version"], let model = fields["model"] else {
            return nil
        }
        return QueueDescription(
            folders: folders, coordinator: fields["coordinator"] ?? "", version: version, model: model,
            leaseSeconds: fields["lease"].flatMap(Double.init) ?? Terms().leaseSeconds)
    }

    func number(_ value: Int) -> RedisWord { RedisWord("\(value)") }
}

extension QueueHost {
    fileprivate var key: RedisWord { RedisWord("\(name) \(process)") }
}
