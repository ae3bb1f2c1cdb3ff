import Files
import Foundation

/// The jobs of a store in memory, and how to take back the changes of the transaction that runs.
final class MemoryJobTable: MutableJobTable {
    private struct Entry {
        /// The place in the order in which jobs were recorded.
        let place: Int64
        let job: Job
    }

    private var entries: [RelativePath: Entry] = [:]
    private var past: [PastResult] = []
    private var notes: Set<JobNote> = []
    private var lastPlace: Int64 = 0
    /// What was there before each change of this transaction.
    private var replaced: [(path: RelativePath, entry: Entry?)] = []
    private var added: Set<JobNote> = []
    private let journal = String(UInt64.random(in: 0...UInt64.max), radix: 16)
    private var events: [(number: Int64, event: Event)] = []
    private var lastEvent: Int64 = 0
    /// The past results before this transaction's first change of them.
    private var replacedPast: [PastResult]?
    /// The journal before this transaction's first change of it.
    private var replacedEvents: (events: [(number: Int64, event: Event)], last: Int64)?

    func commit() {
        replaced = []
        added = []
        replacedPast = nil
        replacedEvents = nil
    }

    func rollBack() {
        for (path, entry) in replaced.reversed() { entries[path] = entry }
        notes.subtract(added)
        if let replacedPast { past = replacedPast }
        if let replacedEvents { (events, lastEvent) = replacedEvents }
        commit()
    }

    // MARK: Queries

    func job(_ path: RelativePath) -> Job? { entries[path]?.job }

    func job(holding identity: WorkIdentity) -> Job? {
        entries.values.filter { $0.job.isResultCurrent && $0.job.identity == identity }
            .min { $0.place < $1.place }?.job
    }

    func past(holding identity: WorkIdentity, besides path: RelativePath) -> PastResult? {
        past.filter { $0.identity == identity && $0.source != path }
            .min { $0.source.bytes.lexicographicallyPrecedes($1.source.bytes) }
    }

    func jobs(at result: RelativePath) -> [Job] {
        jobs { $0.result == result }
    }

    func begun() -> [Job] {
        jobs { $0.state == .claimed || ($0.state.isPending && $0.identity != nil && !$0.isResultCurrent) }
            .sorted { $0.updated < $1.updated }
    }

    func waiting(until time: Date, orAfter horizon: Date, limit: Int) -> [Job] {
        let found = jobs { $0.state.nextTry.map { $0 <= time || $0 > horizon } ?? false }
        return Array(found.sorted { $0.state.nextTry! < $1.state.nextTry! }.prefix(limit))
    }

    func failures(limit: Int) -> [Job] {
        Array(jobs(where: \.state.isFailure).sorted { $0.updated < $1.updated }.reversed().prefix(limit))
    }

    func leftAlone(limit: Int) -> [Job] {
        var seen: Set<RelativePath> = []
        // In the order in which they were recorded.
        let all = jobs(where: { _ in true }).filter { job in
            if case .skipped = job.state { return true }
            guard job.state == .published, let result = job.result else { return false }
            return !seen.insert(result).inserted
        }
        return Array(all.sorted { $0.updated < $1.updated }.reversed().prefix(limit))
    }

    func retriable() -> [Job] {
        jobs { $0.state.isFailure || $0.state.nextTry != nil }.sorted { $0.updated < $1.updated }
    }

    func pending(after place: Int64?, limit: Int) -> [(place: Int64, path: RelativePath)] {
        entries.values.filter { $0.job.state.isPending && $0.place > place ?? 0 }
            .sorted { $0.place < $1.place }.prefix(limit).map { ($0.place, $0.job.path) }
    }

    func pending(limit: Int) -> [Job] { Array(jobs(where: \.state.isPending).prefix(limit)) }

    func oldestPending() -> Date? {
        entries.values.lazy.filter(\.job.state.isPending).map(\.job.arrival).min()
    }

    func counts() -> JobCounts {
        var counts = JobCounts()
        for entry in entries.values {
            switch entry.job.state {
            case .received: counts.received += 1
            case .claimed: counts.claimed += 1
            case .waiting: counts.waiting += 1
            case .published: counts.published += 1
            case .skipped: counts.skipped += 1
            case .failed: counts.failed += 1
            case .quarantined: counts.quarantined += 1
            }
        }
        return counts
    }

    func unfinished(below folder: RelativePath) -> (pending: Int, failed: Int) {
        let jobs = jobs { $0.path.isInside(folder) }
        return (jobs.count { $0.state.isPending }, jobs.count { $0.state.isFailure })
    }

    func isNoted(_ note: JobNote) -> Bool { notes.contains(note) }

    func extent() -> JournalExtent? {
        JournalExtent(journal: journal, first: events.first?.number ?? lastEvent + 1, last: lastEvent)
    }

    func events(after number: Int64, limit: Int) -> [(number: Int64, event: Event)] {
        Array(events.drop { $0.number <= number }.prefix(limit))
    }

    /// The jobs for which a condition holds, in the order in which they were recorded.
    private func jobs(where condition: (Job) -> Bool) -> [Job] {
        entries.values.filter { condition($0.job) }.sorted { $0.place < $1.place }.map(\.job)
    }

    // MARK: Changes

    func put(_ job: Job) {
        let known = entries[job.path]
        replaced.append((job.path, known))
        if known == nil { lastPlace += 1 }
        entries[job.path] = Entry(place: known?.place ?? lastPlace, job: job)
    }

    func put(_ result: PastResult) {
        replacedPast = replacedPast ?? past
        past.removeAll { $0.identity == result.identity && $0.source == result.source }
        past.append(result)
    }

    func remove(_ path: RelativePath) {
        replaced.append((path, entries.removeValue(forKey: path)))
    }

    func note(_ note: JobNote) {
        if notes.insert(note).inserted { added.insert(note) }
    }

    func append(_ event: Event) {
        keepEvents()
        lastEvent += 1
        events.append((lastEvent, event))
    }

    func dropEvents(through number: Int64) {
        keepEvents()
        events.removeAll { $0.number <= number }
    }

    private func keepEvents() {
        if replacedEvents == nil { replacedEvents = (events, lastEvent) }
    }
}

extension JobState {
    fileprivate var isFailure: Bool {
        switch self {
        case .failed, .quarantined: true
        case .received, .claimed, .waiting, .published, .skipped: false
        }
    }
}
