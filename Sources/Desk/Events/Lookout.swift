import Dispatch
import Files
import Foundation
import Service
import Spool
import Synchronization

/// Looks out for what the daemon and others do: results that come and go, the queue, and failures.
///
/// It reads the outbox, the ledger and the daemon's heartbeat again and again, on a queue of its own, since events of the
/// file system do not come from other machines.
final class Lookout: Sendable {
    private struct State {
        var report: QueueReport?
        var sent: QueueDocument?
        var failures: Set<String>?
        var work: [WorkDocument] = []
    }

    /// Seconds between two looks, and between those that miss nothing, such as a choice made elsewhere.
    ///
    /// While pages listen, those come as often as they cost little.
    private static let shortSeconds = 1.0
    private static let thoroughSeconds = 60.0
    private static let thoroughShare = 0.05
    private static let beatSeconds = 15.0
    /// Changes that are told one by one.
    private static let toldChanges = 50
    private static let keptWork = 100

    private let configuration: Configuration
    private let index: ResultIndex
    private let events: EventHub
    private let state = Mutex(State())
    private let line = DispatchQueue(label: "autochrome.desk.lookout", qos: .utility)
    /// Used on the queue alone.
    private let scan: Confined<OutboxScan>
    private let isStopped = Atomic<Bool>(false)

    init(configuration: Configuration, publisher: Publisher, index: ResultIndex, events: EventHub) {
        self.configuration = configuration
        self.index = index
        self.events = events
        scan = Confined(OutboxScan(publisher: publisher, index: index))
    }

    /// Begins to look.
    func start(describe: @escaping @Sendable (DeskID) -> Entry?) {
        line.async { [self] in look(describe, lastThorough: .distantPast, rest: 0, lastBeat: Date()) }
    }

    func stop() { isStopped.store(true, ordering: .relaxed) }

    /// - Parameter rest: Seconds that the last thorough look earned.
    private func look(
        _ describe: @escaping @Sendable (DeskID) -> Entry?, lastThorough: Date, rest: Double, lastBeat: Date
    ) {
        if isStopped.load(ordering: .relaxed) { return }
        let start = Date()
        // A clock that was set back makes no difference.
        let since = abs(start.timeIntervalSince(lastThorough))
        let isThorough = since > Self.thoroughSeconds || since > rest && events.count > 0
        tell(scan.value.update(isThorough: isThorough), describe)
        let scanned = Date().timeIntervalSince(start)
        lookAtQueue()
        let isBeat = start.timeIntervalSince(lastBeat) > Self.beatSeconds
        if isBeat { events.beat() }
        // A large outbox is not to keep a core busy.
        let spent = Date().timeIntervalSince(start)
        line.asyncAfter(deadline: .now() + max(Self.shortSeconds, 10 * spent)) { [self] in
            look(
                describe, lastThorough: isThorough ? start : lastThorough,
                rest: isThorough ? scanned / Self.thoroughShare : rest, lastBeat: isBeat ? start : lastBeat)
        }
    }

    /// Tells the pages of changes.
    func tell(_ changes: [ResultIndex.Change], _ describe: (DeskID) -> Entry?) {
        struct Told: Encodable {
            let change: String
            let id: DeskID
            @OrNull var entry: Entry?
        }
        guard events.count > 0, !changes.isEmpty else { return }
        guard changes.count <= Self.toldChanges else { return events.sendReload() }
        for change in changes {
            switch change {
            case .added(let id): events.send(.result, Told(change: "added", id: id, entry: describe(id)))
            case .changed(let id): events.send(.result, Told(change: "changed", id: id, entry: describe(id)))
            case .removed(let id): events.send(.result, Told(change: "removed", id: id, entry: nil))
            }
        }
    }

    private func lookAtQueue() {
        // A ledger that is being made is read at the next look.
        guard let report = try? QueueReport(configuration: configuration) else { return }
        state.withLock { $0.report = report }
        guard events.count > 0, let document = try? queue() else { return }
        let isNew = state.withLock { state in
            defer { state.sent = document }
            return state.sent != document
        }
        if isNew { events.send(.queue, document) }
        tellFailures(report)
    }

    private func tellFailures(_ report: QueueReport) {
        let failures = report.failures.map(FailureDocument.init)
        let known = state.withLock { state in
            defer { state.failures = Set(failures.map { "\($0.id) \($0.time)" }) }
            return state.failures
        }
        guard let known else { return }
        for failure in failures where !known.contains("\(failure.id) \(failure.time)") {
            events.send(.failure, failure)
        }
    }

    // MARK: What was seen

    private var report: QueueReport? { state.withLock { $0.report } }

    /// How many jobs there are of each kind; nil where nobody has looked yet.
    var counts: JobCounts? { report?.counts }

    /// The photographs in hand, by their place in the inbox.
    var busy: [RelativePath: Progress] {
        var busy: [RelativePath: Progress] = [:]
        for job in report?.daemon?.inHand ?? [] {
            guard let path = RelativePath(escaped: job.path) else { continue }
            busy[path] = Progress(stage: job.stage.rawValue, seconds: job.seconds)
        }
        return busy
    }

    /// When the daemon said what it has in hand; what it has published since is not.
    var lastBeat: Date { report?.daemon?.written ?? .distantPast }

    /// The queue as it was seen last, or now where nobody has looked yet.
    func queue() throws -> QueueDocument {
        let report = try report ?? waitingForLedger { try QueueReport(configuration: configuration) }
        let work = state.withLock { $0.work }
        return QueueDocument(
            running: report.running, stuck: report.isStuck, paused: report.daemon?.paused,
            counts: report.counts,
            oldestPending: report.oldestPending,
            inHand: busy.sorted { $0.key < $1.key }.map { path, progress in
                .init(
                    id: DeskID(.photograph, path), name: path.escapedName, path: path.description, progress: progress)
            },
            desk: work, results: index.count)
    }

    /// Records how far what was asked for here has come, and tells the pages.
    func note(_ work: WorkDocument) {
        let isKnown = state.withLock { state in
            if state.work.contains(work) { return true }
            state.work.removeAll { $0.id == work.id }
            if work.state != .done { state.work.append(work) }
            // Failures stay to be seen, and not for ever.
            if state.work.count > Self.keptWork { state.work.removeFirst() }
            return false
        }
        if !isKnown { events.send(.work, work) }
    }
}

/// A value that one queue alone uses.
///
/// Safe to share: whoever has it reaches the value on that queue only.
struct Confined<Value>: @unchecked Sendable {
    let value: Value
    init(_ value: Value) { self.value = value }
}

extension FailureDocument {
    init(_ failure: QueueReport.Failure) {
        let path = RelativePath(escaped: failure.path) ?? .root
        self.init(
            id: DeskID(.photograph, path), name: path.escapedName, path: failure.path, reason: failure.reason,
            attempts: failure.attempts, quarantined: failure.quarantined, time: failure.time)
    }
}
