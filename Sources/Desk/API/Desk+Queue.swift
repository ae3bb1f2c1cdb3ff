import Files
import Foundation
import Service
import Spool

extension Desk {
    private static let mostFailures = 1000

    /// The photographs of the queue that a filter asks for, as the wall shows them.
    func queued(_ query: ResultIndex.Query) throws -> ResultPage {
        var (jobs, jobCounts) = try reading { table in
            (try self.jobs(query.filter, in: query.folder, table), try queueCounts(in: query.folder, table))
        }
        let needle = query.text.lowercased()
        jobs = jobs.filter { needle.isEmpty || $0.path.description.lowercased().contains(needle) }
        var start = query.offset
        if let after = query.after { start += (jobs.firstIndex { DeskID(.photograph, $0.path) == after.id } ?? -1) + 1 }
        let page = jobs.dropFirst(start).prefix(query.limit)
        let busy = lookout.busy
        let isLast = start + page.count >= jobs.count
        let next = isLast ? nil : page.last.map { Cursor(id: DeskID(.photograph, $0.path), path: $0.path).text }
        return ResultPage(
            results: try page.map { try entry($0, busy[$0.path]) }, next: next, total: jobs.count,
            counts: counts(in: query.folder, jobCounts))
    }

    private func jobs(
        _ filter: ResultIndex.Filter, in folder: RelativePath, _ table: (any JobTable)?
    ) throws -> [Job] {
        // Those of other folders are not to stand in the way of a folder's own.
        let limit = folder.isRoot ? Self.mostFailures : .max
        let jobs =
            switch filter {
            case .failed: try table?.failures(limit: limit) ?? []
            case .leftAlone: try table?.leftAlone(limit: limit) ?? []
            default: try (table?.pending(limit: limit) ?? []) + arrivals.waiting(table, inbox)
            }
        return Array(jobs.lazy.filter { $0.path.isInside(folder) }.prefix(Self.mostFailures))
    }

    /// How many photographs of a folder are in hand, and how many failed.
    func queueCounts(in folder: RelativePath) -> (inHand: Int, failed: Int) {
        // What the lookout has seen is often enough.
        if arrivals.count == 0, let counts = lookout.counts {
            let failed = counts.failed + counts.quarantined
            if folder.isRoot || counts.pending + failed == 0 { return (counts.pending, failed) }
        }
        return (try? reading { try queueCounts(in: folder, $0) }) ?? (0, 0)
    }

    private func queueCounts(
        in folder: RelativePath, _ table: (any JobTable)?
    ) throws -> (inHand: Int, failed: Int) {
        let recorded = try table?.unfinished(below: folder) ?? (pending: 0, failed: 0)
        let arrived = arrivals.waiting(table, inbox).count { $0.path.isInside(folder) }
        return (recorded.pending + arrived, recorded.failed)
    }

    /// Reads the ledger; nil is given where there is none yet.
    private func reading<Value>(_ body: ((any JobTable)?) throws -> Value) throws -> Value {
        guard let ledger = try ledger() else { return try body(nil) }
        return try ledger.read(body)
    }

    private func entry(_ job: Job, _ progress: Progress?) throws -> Entry {
        let isOver = !job.state.isPending
        var entry = Entry(
            id: DeskID(.photograph, job.path), name: job.path.escapedName,
            folder: folderBook.id(job.path.parent), path: job.path.description,
            state: isOver ? .failed : progress != nil ? .inHand : .waiting, reason: job.state.reason,
            progress: progress)
        switch job.state {
        case .skipped: (entry.state, entry.canRecolor) = (.leftAlone, true)
        case .published:
            entry.state = .leftAlone
            let same = job.result.flatMap { index.entry(at: $0) }
            (entry.same, entry.reason) = (same?.id, "the same picture as \(job.result?.description ?? "another")")
        default: break
        }
        return entry
    }

    /// The ledger to look at; nil where there is none yet.
    private func ledger() throws -> SQLiteJobStore? {
        try waitingForLedger {
            do { return try SQLiteJobStore(reading: spool.state) } catch FileError.missing { return nil }
        }
    }

    /// The photographs that failed.
    func failures(_ request: Request) throws -> Response {
        struct Document: Encodable {
            let failures: [FailureDocument]
            let total: Int
        }
        let limit = try request.number("limit", in: 1...Self.mostFailures, default: 100)
        guard let ledger = try ledger() else { return try .json(Document(failures: [], total: 0)) }
        let (jobs, counts) = try ledger.read { (try $0.failures(limit: limit), try $0.counts()) }
        return try .json(
            Document(failures: jobs.map { .init(QueueReport.Failure($0)) }, total: counts.failed + counts.quarantined))
    }

    /// Tries failed photographs again.
    func retry(_ request: Request) throws -> Response {
        struct Wish: Decodable { let ids: [String]? }
        struct Document: Encodable {
            let retried: Int
            let problems: [String]
        }
        let wish = try request.json(Wish.self, members: ["ids"])
        let paths = try wish.ids.map { try self.paths($0, among: ledger()?.failures(limit: .max) ?? []) }
        let outcome = try FailedRetry(paths?.map(\.description) ?? [], configuration: configuration)
        return try .json(Document(retried: outcome.retried.count, problems: outcome.problems))
    }

    /// Has photographs coloured that were left alone, since they are in colour: their own settings say so from now on.
    func recolor(_ request: Request) throws -> Response {
        struct Wish: Decodable { let ids: [String] }
        struct Document: Encodable {
            var recolored = 0
            var problems: [String] = []
        }
        let wish = try request.json(Wish.self, members: ["ids"])
        let jobs = try ledger()?.read { try $0.leftAlone(limit: .max) } ?? []
        var document = Document()
        let colored = jobs.filter { if case .skipped = $0.state { true } else { false } }
        for path in try paths(wish.ids, among: colored) {
            do {
                guard try inbox.hasFile(path) else { throw FileError.missing(path: path.description) }
                try OwnSettings.write(.colored(.recolor), beside: path, in: inbox)
                document.recolored += 1
            } catch {
                document.problems.append("\(error)".replacing(inbox.path + "/", with: ""))
            }
        }
        return try .json(document)
    }

    /// The paths of photographs by their ids.
    private func paths(_ texts: [String], among jobs: [Job]) throws -> [RelativePath] {
        guard (1...Self.mostFailures).contains(texts.count) else {
            throw Refusal.badRequest("ids are 1 to \(Self.mostFailures).")
        }
        let ids = try Set(
            texts.map { text in
                guard let id = DeskID(text) else { throw Refusal.badRequest("'ids' has one that is no id.") }
                return id
            })
        let paths = jobs.map(\.path).filter { ids.contains(DeskID(.photograph, $0)) }
        guard paths.count == ids.count else { throw Refusal.notFound }
        return paths
    }

    /// The figures of the desk and of the daemon, in Prometheus' text format.
    func metrics() throws -> Response {
        let report = try waitingForLedger { try QueueReport(configuration: configuration) }
        let free = (try? outbox.descriptor.freeSpace(outbox.path)) ?? 0
        let daemon = Metrics(
            counts: report.counts, oldestPending: report.oldestPending, inHand: report.daemon?.inHand.count ?? 0,
            polling: report.daemon?.watching.isPolling ?? false, paused: report.daemon?.paused != nil, freeBytes: free)
        let own = """
            # HELP autochrome_desk_results Results in the outbox.
            # TYPE autochrome_desk_results gauge
            autochrome_desk_results \(index.count)
            # HELP autochrome_desk_event_streams Pages that listen.
            # TYPE autochrome_desk_event_streams gauge
            autochrome_desk_event_streams \(events.count)
            # HELP autochrome_running Whether a daemon is at work.
            # TYPE autochrome_running gauge
            autochrome_running \(report.running ? 1 : 0)

            """
        let text = daemon.text() + own + traffic.text
        return Response(.ok, "text/plain; version=0.0.4; charset=utf-8", Data(text.utf8))
    }
}

/// Reads a ledger; one that a daemon is making at this moment is waited for, a second at most.
func waitingForLedger<Value>(_ read: () throws -> Value) throws -> Value {
    let end = ContinuousClock.now + .seconds(1)
    while true {
        do {
            return try read()
        } catch let error as SpoolError where error.isOfUnmadeLedger && .now < end {
            usleep(20_000)
        }
    }
}

extension SpoolError {
    /// Whether a ledger has no tables yet, as an empty file has none.
    fileprivate var isOfUnmadeLedger: Bool {
        if case .ledger(_, let detail) = self { detail.hasPrefix("no such table") } else { false }
    }
}
