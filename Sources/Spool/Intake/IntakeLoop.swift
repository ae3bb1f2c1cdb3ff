import CInotifyTools
import Files
import Foundation

/// The state and the work of the intake's thread.
final class IntakeLoop {
    let configuration: SpoolConfiguration
    let rules: IgnoreRules
    let channel: IntakeChannel
    private let onWarning: @Sendable (Intake.Warning) -> Void
    private let onRefusal: @Sendable (Refusal) -> Void

    var stability: StabilityTracker
    var seen = SeenIndex()
    /// Refused entries that were reported.
    var reported = SeenIndex()
    var folder: Folder?
    var table: WatchTable?
    /// The reason why there is no table of watches.
    var tableReason: String?
    /// The reason why the inbox gives no events.
    var inboxReason: String?
    var isTableFull = false
    /// Whether a whole scan was made: what later ones find new has arrived since.
    var isKnown = false
    var nextScan = ContinuousClock.now
    /// The time by which the event of the probe file must have come.
    var probeDue: ContinuousClock.Instant?
    private var warned: [Intake.Warning.Kind: ContinuousClock.Instant] = [:]

    static let probe = Array(".autochrome-probe".utf8)
    private static let batch = 256
    private static let warningInterval = Duration.seconds(600)

    init(
        configuration: SpoolConfiguration, channel: IntakeChannel,
        onWarning: @escaping @Sendable (Intake.Warning) -> Void, onRefusal: @escaping @Sendable (Refusal) -> Void
    ) {
        self.configuration = configuration
        self.channel = channel
        self.onWarning = onWarning
        self.onRefusal = onRefusal
        rules = IgnoreRules(excludes: configuration.excludes)
        stability = StabilityTracker(quiet: configuration.quietSeconds, patience: configuration.truncatedSeconds)
    }

    /// Watches until asked to stop.
    func run(_ deliver: @Sendable ([Candidate]) -> Void) {
        openTable()
        nextScan = .now
        while !channel.isStopping {
            takeRequests()
            if nextScan <= .now { scanAll() }
            handleEvents()
            deliverReady(deliver)
        }
        table = nil
        folder = nil
    }

    /// Scans once and returns when every file has come to rest; false where some were not seen or delivered.
    func runOnce(_ deliver: @Sendable ([Candidate]) -> Void) throws -> Bool {
        takeRequests()
        tableReason = "a single scan"
        folder = try Folder(configuration.inbox)
        let isComplete = scanAll()
        deliverReady(deliver)
        while !stability.isEmpty, !channel.isStopping {
            if let due = stability.nextDue { channel.wait(until: due) }
            takeRequests()
            deliverReady(deliver)
        }
        folder = nil
        return isComplete && stability.isEmpty
    }

    private func takeRequests() {
        let requests = channel.take()
        for path in requests.forgotten { seen.remove(path) }
        for candidate in requests.truncated {
            seen.remove(candidate.path)
            stability.truncated(candidate, at: .now)
        }
        if requests.rescan { nextScan = .now }
    }

    /// Looks at the files that fell due, and delivers those that are ready.
    private func deliverReady(_ deliver: ([Candidate]) -> Void) {
        guard let folder else { return }
        var ready: [Candidate] = []
        while !channel.isStopping, let path = stability.popDue(at: .now) {
            let status: FileStatus?
            let sidecars: SidecarStamp
            do {
                status = try folder.status(path)
                sidecars = status?.kind == .file ? try folder.sidecars(of: path) : .none
            } catch let error as FileError where error.isGone {
                stability.forget(path)
                continue
            } catch {
                // This says nothing about the file: look again after another rest.
                warn(.unreadable, "\(error)")
                stability.arrived(path, .unknown, wait: .quiet, at: .now)
                continue
            }
            let stamp = status?.kind == .file ? status?.stamp : nil
            if let candidate = stability.examined(path, stamp, sidecars: sidecars, at: .now, arrival: Date()) {
                seen.insert(path, candidate.stamp, sidecars)
                ready.append(candidate)
            }
            if ready.count == Self.batch {
                deliver(ready)
                ready = []
            }
        }
        if !ready.isEmpty { deliver(ready) }
    }

    /// Reports a warning, unless its kind was reported a short while ago.
    func warn(_ kind: Intake.Warning.Kind, _ message: String) {
        let now = ContinuousClock.now
        if let last = warned[kind], last.duration(to: now) < Self.warningInterval { return }
        warned[kind] = now
        onWarning(Intake.Warning(kind: kind, message: message))
    }

    /// Reports an entry that is not taken, once for as long as it lies there unchanged.
    func refuse(_ path: RelativePath, _ reason: SpecialKind, _ stamp: FileStamp) {
        if reported.contains(path, stamp) { return }
        reported.insert(path, stamp)
        onRefusal(Refusal(path: path, reason: reason))
    }

    /// The reason why scans stand in for events; nil where events arrive.
    var handicap: String? {
        tableReason ?? inboxReason ?? (isTableFull ? "the kernel's table of watches is full" : nil)
    }

    func updateMode() {
        channel.setMode(handicap.map { .polling(reason: $0) } ?? .events)
    }
}
