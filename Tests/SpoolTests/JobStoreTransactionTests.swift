import Foundation
import Synchronization
import TestSupport
import Testing

@testable import Files
@testable import Spool

/// The transactions of the job store, over every driver.
@Suite struct JobStoreTransactionTests {
    private let time = Date(timeIntervalSince1970: 1_000_000)

    private struct Interruption: Error {}

    private func job(_ name: String) -> Job {
        Job(path: RelativePath(name)!, stamp: .unknown, sidecars: nil, arrival: time, updated: time)
    }

    @Test(arguments: JobStoreDriver.allCases) func aBodyThatThrowsChangesNothing(_ driver: JobStoreDriver) throws {
        let spool = try TemporarySpool()
        let store = try driver.open(spool)
        let (known, gone, new) = (job("known"), job("gone"), job("new"))
        try store.write { table in
            try table.put(known)
            try table.put(gone)
        }
        let before = try Snapshot(store)
        #expect(throws: Interruption.self) {
            try store.write { table in
                for attempts in 1...3 {
                    var changed = known
                    changed.attempts = attempts
                    changed.state = .claimed
                    try table.put(changed)
                }
                try table.remove(gone.path)
                try table.remove(new.path)
                try table.put(new)
                try table.remove(new.path)
                try table.put(new)
                try table.put(gone)
                try table.note(.rebuilt)
                #expect(try table.job(known.path)?.attempts == 3, "its own changes are seen within")
                #expect(try table.counts().pending == 3)
                #expect(try table.isNoted(.rebuilt))
                throw Interruption()
            }
        }
        #expect(try Snapshot(store) == before)
        #expect(try store.job(new.path) == nil)
        #expect(try store.needsRebuild())
        // What comes after stays.
        try store.write { try $0.put(new) }
        #expect(throws: Interruption.self) { try store.write { _ in throw Interruption() } }
        #expect(try store.job(new.path) == new)
        #expect(try driver.kill(store, spool).counts().received == 3)
    }

    /// The second of two files is not on record.
    @Test(arguments: JobStoreDriver.allCases) func aBatchIsRecordedWholeOrNotAtAll(_ driver: JobStoreDriver) throws {
        let spool = try TemporarySpool()
        let store = try driver.open(spool)
        let candidate = try spool.candidate("a.tif")
        #expect(throws: FileError.missing(path: "b.tif")) {
            try store.write { table in
                try table.put(job("a.tif"))
                _ = try table.advance(table.existing(RelativePath("b.tif")!), by: .claimed, store.policy, at: time)
            }
        }
        #expect(try store.job(candidate.path) == nil)
        #expect(throws: FileError.missing(path: "a.tif")) { try store.putBack(candidate.path) }
        #expect(try store.counts() == JobCounts())
    }

    @Test(arguments: JobStoreDriver.allCases) func everyFileIsClaimedOnce(_ driver: JobStoreDriver) throws {
        let spool = try TemporarySpool()
        let store = try driver.open(spool)
        let paths = (0..<40).map { RelativePath("\($0).tif")! }
        _ = try store.receive(
            paths.map { Candidate(path: $0, stamp: .unknown, arrival: time, origin: .backlog) })
        let claimed = Mutex<[RelativePath]>([])
        DispatchQueue.concurrentPerform(iterations: 4) { _ in
            for path in paths {
                do {
                    if let job = try store.claim(path) { claimed.withLock { $0.append(job.path) } }
                } catch {
                    Issue.record(error)
                }
            }
        }
        #expect(claimed.withLock { Set($0) } == Set(paths))
        #expect(claimed.withLock(\.count) == paths.count)
        #expect(try store.counts().claimed == paths.count)
    }

    /// Two jobs are always counted up together, by several threads, while others look.
    @Test(arguments: JobStoreDriver.allCases) func nobodySeesHalfATransaction(_ driver: JobStoreDriver) throws {
        let spool = try TemporarySpool()
        let store = try driver.open(spool)
        let pair = [job("left"), job("right")]
        try store.write { table in
            for job in pair { try table.put(job) }
        }
        DispatchQueue.concurrentPerform(iterations: 8) { thread in
            for turn in 0..<20 {
                do {
                    if thread % 2 == 0 {
                        try store.write { table in
                            for job in pair {
                                var job = try table.existing(job.path)
                                job.attempts += 1
                                try table.put(job)
                                // Every other one is broken off after its first half.
                                if turn % 2 == 1 { throw Interruption() }
                            }
                        }
                    } else {
                        let attempts = try store.read { table in try pair.map { try table.job($0.path)?.attempts } }
                        #expect(attempts[0] == attempts[1])
                    }
                } catch is Interruption {
                } catch {
                    Issue.record(error)
                }
            }
        }
        #expect(try pair.map { try store.job($0.path)?.attempts } == [40, 40])
    }

    /// The same random changes make the same record in every driver, whatever is asked of it.
    @Test(arguments: [21, 22, 23, 24] as [UInt64]) func theDriversAgree(_ seed: UInt64) throws {
        var generator = SeededGenerator(seed)
        let spool = try TemporarySpool()
        let stores = try JobStoreDriver.allCases.map { try $0.open(spool) }
        for _ in 0..<12 {
            let jobs = (0..<6).map { _ in Job.random(using: &generator) }
            let removed = RelativePath("\(Int.random(in: 0..<20, using: &generator)).tif")!
            let isBrokenOff = Int.random(in: 0..<4, using: &generator) == 0
            for store in stores {
                try? store.write { table in
                    for job in jobs { try table.put(job) }
                    try table.remove(removed)
                    if isBrokenOff { throw Interruption() }
                }
            }
            let pictures = try stores.map(Snapshot.init)
            #expect(pictures[0] == pictures[1], "seed \(seed)")
        }
        #expect(try stores[0].counts() != JobCounts())
    }
}

/// The answers to everything that a store can be asked.
private struct Snapshot: Equatable {
    var jobs: [Job?]
    var holders: [Job?]
    var lists: [[Job]]
    var pending: [[RelativePath]] = []
    var oldestPending: Date?
    var counts: JobCounts
    var isRebuilt: Bool

    init(_ store: any JobStore) throws {
        let names = ["known", "gone", "new"] + (0..<20).map { "\($0).tif" }
        self = try store.read { table in
            let time = Date(timeIntervalSince1970: 1_000_003)
            var picture = try Snapshot(
                jobs: names.map { try table.job(RelativePath($0)!) },
                holders: Job.identities.map { try table.job(holding: $0) },
                lists: Job.results.map { try table.jobs(at: $0) } + [
                    table.begun(), table.retriable(), table.failures(limit: 2), table.failures(limit: 100),
                    table.leftAlone(limit: 2), table.leftAlone(limit: 100),
                    table.pending(limit: 2), table.pending(limit: 100),
                    table.waiting(until: time, orAfter: time + 4, limit: 100),
                    table.waiting(until: time, orAfter: time + 4, limit: 3),
                    table.waiting(until: .distantFuture, orAfter: .distantFuture, limit: 100),
                ],
                oldestPending: table.oldestPending(), counts: table.counts(), isRebuilt: table.isNoted(.rebuilt))
            var place: Int64?
            repeat {
                let page = try table.pending(after: place, limit: 3)
                picture.pending.append(page.map(\.path))
                place = page.last?.place
            } while place != nil
            return picture
        }
    }

    private init(
        jobs: [Job?], holders: [Job?], lists: [[Job]], oldestPending: Date?, counts: JobCounts, isRebuilt: Bool
    ) {
        self.jobs = jobs
        self.holders = holders
        self.lists = lists
        self.oldestPending = oldestPending
        self.counts = counts
        self.isRebuilt = isRebuilt
    }
}

extension Job {
    fileprivate static let identities = [WorkIdentity("one"), WorkIdentity("two"), WorkIdentity("one", model: "other")]
    fileprivate static let results = [RelativePath("a")!, RelativePath("b")!]

    /// Few different values, so that many agree.
    fileprivate static func random(using generator: inout SeededGenerator) -> Job {
        func date(using generator: inout SeededGenerator) -> Date {
            Date(timeIntervalSince1970: 1_000_000 + Double(Int.random(in: 0..<12, using: &generator)))
        }
        let path = RelativePath("\(Int.random(in: 0..<20, using: &generator)).tif")!
        var job = Job(
            path: path,
            stamp: FileStamp(
                device: .random(in: 0 ... .max, using: &generator), inode: .random(in: 0 ... .max, using: &generator),
                size: .random(in: -1 ... .max, using: &generator),
                modified: .random(in: .min ... .max, using: &generator)),
            sidecars: Bool.random(using: &generator)
                ? SidecarStamp(digest: .random(in: .min ... .max, using: &generator)) : nil,
            arrival: date(using: &generator), updated: date(using: &generator))
        job.state =
            [
                .received, .claimed, .waiting(until: date(using: &generator), reason: "busy"), .published,
                .skipped(reason: "coloured"), .failed(reason: "broken: ☠"), .quarantined(reason: ""),
            ].randomElement(using: &generator)!
        job.attempts = .random(in: 0..<4, using: &generator)
        job.deaths = .random(in: 0..<2, using: &generator)
        job.identity = Bool.random(using: &generator) ? identities.randomElement(using: &generator) : nil
        job.result = Bool.random(using: &generator) ? results.randomElement(using: &generator) : nil
        job.isResultCurrent = job.identity != nil && job.result != nil && Bool.random(using: &generator)
        return job
    }
}
