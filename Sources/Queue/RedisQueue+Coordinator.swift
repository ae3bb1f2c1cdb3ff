import Digest
import Files
import Foundation
import Spool

extension RedisQueue {
    /// Leases that a look names at most, and reports that are read at once.
    private static let page = 100

    package func reign(_ about: QueueDescription) throws(WorkQueueError) {
        let fields: [String] = [
            "coordinator", about.coordinator, "version", about.version, "model", about.model, "lease",
            "\(about.leaseSeconds)",
        ]
        let objection = try run(
            .reign, [.coordinator, .about, .live, .bulk],
            [RedisWord(about.coordinator), number(terms.lease), RedisWord(about.folders)] + fields.map { RedisWord($0) }
        )
        if !objection.string.isEmpty { throw .refused(objection.string) }
        _ = try run(.clock, [.about, .live, .bulk, .swept], [])
    }

    package func abdicate(_ about: QueueDescription) throws(WorkQueueError) {
        _ = try run(.abdicate, [.coordinator], [RedisWord(about.coordinator)])
    }

    package func enqueue(_ order: WorkOrder, in lane: WorkOrder.Lane) throws(WorkQueueError) -> Bool {
        try run(.enqueue, [.orders, Key(lane)], [RedisWord(order.identity.token)] + order.fields).number == 1
    }

    package func reports() throws(WorkQueueError) -> [WorkReport] {
        let reply = try send([
            "XREAD", "COUNT", number(Self.page), "BLOCK", number(terms.wait), "STREAMS", Key.reports.word, "0",
        ])
        let entries = reply.items.first?.items.last?.items ?? []
        var found: [WorkReport] = []
        for entry in entries.map(\.items) where entry.count == 2 {
            if let report = WorkReport(id: entry[0].string, fields: entry[1].fields) {
                found.append(report)
            } else {
                // What is no report of ours would come again and again.
                _ = try send(["XDEL", Key.reports.word, RedisWord(entry[0].string)])
            }
        }
        return found
    }

    package func tidy() throws(WorkQueueError) { _ = try run(.tidy, [.live, .bulk], []) }

    package func drop(_ reports: [WorkReport]) throws(WorkQueueError) {
        if reports.isEmpty { return }
        _ = try send(["XDEL", Key.reports.word] + reports.map { RedisWord($0.id) })
    }

    package func look() throws(WorkQueueError) -> QueueLook {
        let parts = try run(.look, [.live, .bulk, .dead, .reports, .hosts], [number(Self.page)]).items
        guard parts.count == 7 else { throw .refusing("an answer of no meaning") }
        let leases = parts[5].items.map(\.items).filter { $0.count == 4 }.map {
            QueueLook.Held(
                path: $0[0].string, worker: $0[1].string, idle: Double($0[2].number) / 1000,
                deliveries: $0[3].number)
        }
        let hosts = parts[6].items.map(\.items).compactMap { pair -> QueueHost? in
            guard pair.count == 2 else { return nil }
            var host = try? JSONDecoder().decode(QueueHost.self, from: Data(pair[1].string.utf8))
            host?.silent = Double(pair[0].number)
            return host
        }
        return QueueLook(
            live: parts[0].number, bulk: parts[1].number, dead: parts[2].number, reports: parts[3].number,
            held: parts[4].number, leases: leases,
            hosts: hosts.sorted { ($0.name, $0.process) < ($1.name, $1.process) },
            bytes: usedBytes())
    }

    /// Bytes that the server uses; 0 where it does not tell.
    private func usedBytes() -> Int {
        let text = (try? send(["INFO", "memory"]).string) ?? ""
        let line = text.split(whereSeparator: \.isNewline).first { $0.hasPrefix("used_memory:") }
        return line.flatMap { Int($0.dropFirst("used_memory:".count)) } ?? 0
    }
}

extension WorkOrder {
    /// Names and values in a stream.
    var fields: [RedisWord] {
        [
            "version", version, "path", path.description, "root", root, "size", "\(size)", "content",
            identity.content.hex, "model", identity.model, "settings", identity.settings, "yaml", settings, "token",
            identity.token,
        ].map { RedisWord($0) }
    }

    /// The order that `fields` are of; nil where they are of none.
    init?(fields: [String: String]) {
        guard let version = fields["version"], let path = fields["path"].flatMap(RelativePath.init(escaped:)),
            let size = fields["size"].flatMap(Int64.init), let identity = WorkIdentity(fields: fields)
        else { return nil }
        self.init(
            version: version, path: path, root: fields["root"] ?? "", size: size, identity: identity,
            settings: fields["yaml"] ?? "")
    }
}

extension WorkReport {
    var fields: [RedisWord] {
        let parts = outcome.parts
        return [
            "path", path.description, "content", identity.content.hex, "model", identity.model, "settings",
            identity.settings, "kind", parts.kind, "detail", parts.detail,
        ].map { RedisWord($0) }
    }

    init?(id: String, fields: [String: String]) {
        guard let path = fields["path"].flatMap(RelativePath.init(escaped:)),
            let identity = WorkIdentity(fields: fields),
            let outcome = Outcome(kind: fields["kind"] ?? "", detail: fields["detail"] ?? "")
        else { return nil }
        self.init(id: id, path: path, identity: identity, outcome: outcome)
    }
}

extension WorkIdentity {
    fileprivate init?(fields: [String: String]) {
        guard let content = fields["content"].flatMap(ContentHash.init(hex:)), let model = fields["model"],
            let settings = fields["settings"]
        else { return nil }
        self.init(content: content, model: model, settings: settings)
    }
}
