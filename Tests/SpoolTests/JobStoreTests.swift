import Foundation
import TestSupport
import Testing

@testable import Files
@testable import Spool

/// The rules of the job store, over every driver.
@Suite struct JobStoreTests {
    private let a = RelativePath("a.tif")!

    @Test(arguments: JobStoreDriver.allCases) func recordsTheWholeWay(_ driver: JobStoreDriver) throws {
        let spool = try TemporarySpool()
        let store = try driver.open(spool)
        let candidate = try spool.candidate("a.tif")
        let identity = WorkIdentity("content")

        #expect(try store.receive([candidate]).map(\.action) == [.enqueue])
        #expect(try store.oldestPending() != nil)
        #expect(try store.claim(a)?.attempts == 1)
        #expect(try store.claim(a) == nil)
        #expect(try store.identify(a, as: identity) == .new)
        let step = try store.published(a, stamp: candidate.stamp, as: identity, result: RelativePath("a")!)
        #expect(step.action == .settleOriginal)
        #expect(try store.counts().published == 1)
        #expect(try store.oldestPending() == nil)

        // The same file again, as after a restart, costs no write and no work.
        #expect(try store.receive([candidate]).map(\.action) == [.settleOriginal])
        #expect(try store.claim(a) == nil)
    }

    @Test(arguments: JobStoreDriver.allCases) func newContentIsNewWorkAndTheSameContentIsNot(_ driver: JobStoreDriver)
        throws
    {
        let spool = try TemporarySpool()
        let store = try driver.open(spool)
        let first = try spool.candidate("a.tif")
        let result = RelativePath("a")!
        _ = try store.receive([first])
        _ = try store.claim(a)
        _ = try store.published(a, stamp: first.stamp, as: WorkIdentity("content"), result: result)

        // Touched, not changed.
        let stamp = first.stamp
        let touched = Candidate(
            path: a, stamp: FileStamp(device: stamp.device, inode: stamp.inode, size: stamp.size, modified: 7),
            arrival: Date(), origin: .arrival)
        #expect(try store.receive([touched]).map(\.action) == [.enqueue])
        _ = try store.claim(a)
        #expect(try store.identify(a, as: WorkIdentity("content")) == .published(result: result))
        _ = try store.published(a, stamp: touched.stamp, as: WorkIdentity("content"), result: result)

        // A copy elsewhere.
        _ = try store.receive([try spool.candidate("copy.tif")])
        _ = try store.claim(RelativePath("copy.tif")!)
        #expect(
            try store.identify(RelativePath("copy.tif")!, as: WorkIdentity("content"))
                == .duplicate(of: a, result: result))

        // Other settings are other work, even when the process dies between naming it and doing it.
        _ = try store.retry([a])
        _ = try store.claim(a)
        for _ in 0..<2 {
            #expect(try store.identify(a, as: WorkIdentity("content", settings: "other")) == .new)
        }
        #expect(try store.job(a)?.result == result)
    }

    /// The name of the first one is used again, as an archive leaves it free.
    @Test(arguments: JobStoreDriver.allCases) func contentIsKnownAfterItsNameWasUsedAgain(_ driver: JobStoreDriver)
        throws
    {
        let spool = try TemporarySpool()
        var store = try driver.open(spool)
        let b = RelativePath("b.tif")!
        func take(_ name: RelativePath, _ content: String) throws -> PriorWork {
            let candidate = try spool.candidate("\(name)", content)
            _ = try store.receive([candidate])
            _ = try store.claim(name)
            let prior = try store.identify(name, as: WorkIdentity(content))
            if case .new = prior {
                _ = try store.published(
                    name, stamp: candidate.stamp, as: WorkIdentity(content), result: RelativePath(content)!)
            }
            return prior
        }
        #expect(try take(a, "first") == .new)
        #expect(try take(a, "second") == .new)
        store = try driver.kill(store, spool)
        #expect(try take(b, "first") == .duplicate(of: a, result: RelativePath("first")!))
        // The outbox itself tells of a result that had the same name.
        #expect(try take(a, "first") == .new)
        #expect(try take(RelativePath("c.tif")!, "third") == .new)
    }

    @Test(arguments: JobStoreDriver.allCases) func otherSidecarsAreNewWork(_ driver: JobStoreDriver) throws {
        let spool = try TemporarySpool()
        let store = try driver.open(spool)
        let stamp = try spool.drop("a.tif")
        func seen(_ digest: Int64) throws -> [JobAction] {
            let candidate = Candidate(
                path: a, stamp: stamp, sidecars: SidecarStamp(digest: digest), arrival: Date(), origin: .arrival)
            return try store.receive([candidate]).map(\.action)
        }
        func publish(_ digest: Int64) throws -> JobAction {
            try store.published(
                a, stamp: stamp, sidecars: SidecarStamp(digest: digest), as: WorkIdentity("content"),
                result: RelativePath("a")!
            ).action
        }
        #expect(try seen(0) == [.enqueue])
        _ = try store.claim(a)
        #expect(try publish(0) == .settleOriginal)
        #expect(try seen(0) == [.settleOriginal])
        #expect(try seen(1) == [.enqueue])
        #expect(try store.claim(a)?.candidate.sidecars == SidecarStamp(digest: 1))
        // Changed again while it is in hand.
        #expect(try seen(2) == [.leave])
        #expect(try publish(1) == .enqueue)
        _ = try store.claim(a)
        #expect(try publish(2) == .settleOriginal)
        // One that waits for its next try need wait no longer.
        #expect(try seen(3) == [.enqueue])
        _ = try store.claim(a)
        _ = try store.failedForNow(a, reason: "a sidecar is wrong")
        guard case .enqueueLater? = try seen(3).first else {
            Issue.record("it waits for its time")
            return
        }
        #expect(try seen(4) == [.enqueue])
        #expect(try store.job(a)?.attempts == 0)
    }

    @Test(arguments: JobStoreDriver.allCases) func aFileReplacedDuringItsWorkIsQueuedAgain(_ driver: JobStoreDriver)
        throws
    {
        let spool = try TemporarySpool()
        let store = try driver.open(spool)
        let old = try spool.candidate("a.tif", "old")
        _ = try store.receive([old])
        _ = try store.claim(a)
        let new = try spool.candidate("a.tif", "newer")
        #expect(try store.receive([new]).map(\.action) == [.leave])
        let step = try store.published(a, stamp: old.stamp, as: WorkIdentity("old"), result: RelativePath("a")!)
        #expect(step.action == .enqueue)
        #expect(step.job.stamp == new.stamp)
        #expect(try store.claim(a) != nil)
    }

    @Test(arguments: JobStoreDriver.allCases) func aFailedFileThatIsPutBackIsTriedAgain(_ driver: JobStoreDriver) throws
    {
        let spool = try TemporarySpool()
        let store = try driver.open(spool)
        let candidate = try spool.candidate("a.tif")
        _ = try store.receive([candidate])
        _ = try store.claim(a)
        _ = try store.failedForGood(a, stamp: candidate.stamp, reason: "broken")
        // The process died before the file was moved: the move is finished.
        #expect(try store.receive([candidate]).map(\.action) == [.setAside(reason: "broken")])
        try store.movedAside(a)
        #expect(try store.failures().map(\.state) == [.failed(reason: "broken")])
        #expect(try store.receive([candidate]).map(\.action) == [.enqueue])
    }

    @Test(arguments: JobStoreDriver.allCases) func whatLeftTheInboxIsForgotten(_ driver: JobStoreDriver) throws {
        let spool = try TemporarySpool()
        let store = try driver.open(spool)
        let candidate = try spool.candidate("a.tif")
        _ = try store.receive([candidate, try spool.candidate("b.tif")])
        _ = try store.claim(a)
        _ = try store.published(a, stamp: candidate.stamp, as: WorkIdentity("content"), result: RelativePath("a")!)
        _ = try store.retry([a])
        try store.withdraw([a, RelativePath("b.tif")!, RelativePath("never.tif")!])
        #expect(try store.counts().pending == 0)
        #expect(try store.counts().published == 1)
    }

    /// The record of an earlier file of the name says nothing about one that left before its turn and comes back.
    @Test(arguments: JobStoreDriver.allCases) func whatLeftTheInboxIsTriedWhenItComesBack(
        _ driver: JobStoreDriver
    ) throws {
        let spool = try TemporarySpool()
        let store = try driver.open(spool)
        let first = try spool.candidate("a.tif")
        _ = try store.receive([first])
        _ = try store.claim(a)
        _ = try store.published(a, stamp: first.stamp, as: WorkIdentity("content"), result: RelativePath("a")!)
        let second = Candidate(
            path: a,
            stamp: FileStamp(device: 1, inode: first.stamp.inode + 1, size: 7, modified: first.stamp.modified + 1),
            arrival: Date(), origin: .arrival)
        #expect(try store.receive([second]).map(\.action) == [.enqueue])
        try store.withdraw([a])
        #expect(try store.receive([second]).map(\.action) == [.enqueue])
    }

    /// A result that two files share is replaced by another work's.
    @Test(arguments: JobStoreDriver.allCases) func whoeverLosesItsResultIsTriedAgain(_ driver: JobStoreDriver) throws {
        let spool = try TemporarySpool()
        let store = try driver.open(spool)
        let (copy, other) = (RelativePath("copy.tif")!, RelativePath("other.tif")!)
        let (result, place) = (RelativePath("a")!, RelativePath("other")!)
        for (path, identity, result) in [(a, "one", result), (copy, "one", result), (other, "two", place)] {
            let candidate = try spool.candidate("\(path)")
            _ = try store.receive([candidate])
            _ = try store.claim(path)
            _ = try store.published(path, stamp: candidate.stamp, as: WorkIdentity(identity), result: result)
        }
        #expect(try !store.isResult(result, ofOtherThan: a))
        #expect(try !store.isResult(result, ofOtherThan: copy))
        #expect(try store.isResult(result, ofOtherThan: other))
        #expect(try !store.isResult(RelativePath("nobody's")!, ofOtherThan: a))

        #expect(try store.displace(from: result, by: a, as: WorkIdentity("one")) == [])
        let now = Date(timeIntervalSince1970: 2_000_000_000)
        let displaced = try store.displace(from: result, by: a, as: WorkIdentity("three"), at: now)
        #expect(displaced.map(\.path) == [copy])
        #expect(displaced.map(\.state) == [.waiting(until: now, reason: "asked for again")])
        #expect(displaced.map(\.isResultCurrent) == [false])
        #expect(try store.due(at: now) == displaced)
        #expect(try store.job(other)?.state == .published)
    }

    /// The clock may have been set back since a time was noted.
    @Test(arguments: JobStoreDriver.allCases) func noTimeIsFurtherAwayThanAnyWait(_ driver: JobStoreDriver) throws {
        let spool = try TemporarySpool()
        let store = try driver.open(spool)
        let now = Date(timeIntervalSince1970: 1_000_000)
        for (name, time) in [("far", now + 10_000), ("near", now), ("due", now - 30), ("overdue", now - 60)] {
            let path = RelativePath(name)!
            _ = try store.receive([try spool.candidate(name)])
            _ = try store.claim(path)
            _ = try store.failedForNow(path, reason: "busy", at: time)
        }
        #expect(try store.waiting().map(\.path.description) == ["overdue", "due", "near", "far"])
        #expect(try store.waiting(limit: 2).map(\.path.description) == ["overdue", "due"])
        #expect(try store.due(at: now).map(\.path.description) == ["overdue", "due", "far"])
        #expect(try store.due(at: now, limit: 1).map(\.path.description) == ["overdue"])
    }

    @Test(arguments: JobStoreDriver.allCases, [11, 12] as [UInt64])
    func theTallyAlwaysAgrees(_ driver: JobStoreDriver, _ seed: UInt64) throws {
        var generator = SeededGenerator(seed)
        let spool = try TemporarySpool()
        let store = try driver.open(spool)
        let candidates = try (0..<8).map { try spool.candidate("file-\($0)") }
        for _ in 0..<150 {
            let candidate = candidates.randomElement(using: &generator)!
            let path = candidate.path
            switch Int.random(in: 0..<8, using: &generator) {
            case 0, 1: _ = try store.receive([candidate])
            case 2, 3: _ = try store.claim(path)
            case 4:
                if try store.job(path)?.state == .claimed {
                    _ = try store.published(path, stamp: candidate.stamp, as: WorkIdentity("x"), result: path)
                }
            case 5: _ = try store.job(path).map { try store.failedForNow($0.path, reason: "busy") }
            case 6: try store.withdraw([path])
            default: _ = try store.retry([path])
            }
            var counted = JobCounts()
            for job in try candidates.compactMap({ try store.job($0.path) }) {
                switch job.state {
                case .received: counted.received += 1
                case .claimed: counted.claimed += 1
                case .waiting: counted.waiting += 1
                case .published: counted.published += 1
                case .skipped: counted.skipped += 1
                case .failed: counted.failed += 1
                case .quarantined: counted.quarantined += 1
                }
            }
            #expect(try store.counts() == counted, "seed \(seed)")
        }
    }
}
