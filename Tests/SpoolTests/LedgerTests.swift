@testable import Files
import Foundation
import GRDB
import TestSupport
import Testing

@testable import Spool

@Suite struct LedgerTests {
    private let a = RelativePath("a.tif")!

    @Test func recordsTheWholeWay() throws {
        let spool = try TemporarySpool()
        let ledger = try Ledger(state: spool.configuration.state)
        let candidate = try spool.candidate("a.tif")
        let identity = WorkIdentity("content")

        #expect(try ledger.receive([candidate]).map(\.action) == [.enqueue])
        #expect(try ledger.oldestPending() != nil)
        #expect(try ledger.claim(a)?.attempts == 1)
        #expect(try ledger.claim(a) == nil)
        #expect(try ledger.identify(a, as: identity) == .new)
        let step = try ledger.published(a, stamp: candidate.stamp, as: identity, result: RelativePath("a")!)
        #expect(step.action == .settleOriginal)
        #expect(try ledger.counts().published == 1)
        #expect(try ledger.oldestPending() == nil)

        // The same file again, as after a restart, costs no write and no work.
        #expect(try ledger.receive([candidate]).map(\.action) == [.settleOriginal])
        #expect(try ledger.claim(a) == nil)
    }

    @Test func newContentIsNewWorkAndTheSameContentIsNot() throws {
        let spool = try TemporarySpool()
        let ledger = try Ledger(state: spool.configuration.state)
        let first = try spool.candidate("a.tif")
        let result = RelativePath("a")!
        _ = try ledger.receive([first])
        _ = try ledger.claim(a)
        _ = try ledger.published(a, stamp: first.stamp, as: WorkIdentity("content"), result: result)

        // Touched, not changed.
        let stamp = first.stamp
        let touched = Candidate(
            path: a, stamp: FileStamp(device: stamp.device, inode: stamp.inode, size: stamp.size, modified: 7),
            arrival: Date(), origin: .arrival)
        #expect(try ledger.receive([touched]).map(\.action) == [.enqueue])
        _ = try ledger.claim(a)
        #expect(try ledger.identify(a, as: WorkIdentity("content")) == .published(result: result))
        _ = try ledger.published(a, stamp: touched.stamp, as: WorkIdentity("content"), result: result)

        // A copy elsewhere.
        _ = try ledger.receive([try spool.candidate("copy.tif")])
        _ = try ledger.claim(RelativePath("copy.tif")!)
        #expect(
            try ledger.identify(RelativePath("copy.tif")!, as: WorkIdentity("content"))
                == .duplicate(of: a, result: result))

        // Other settings are other work, even when the process dies between naming it and doing it.
        _ = try ledger.retry([a])
        _ = try ledger.claim(a)
        for _ in 0..<2 {
            #expect(try ledger.identify(a, as: WorkIdentity("content", settings: "other")) == .new)
        }
        #expect(try ledger.job(a)?.result == result)
    }

    @Test func otherSidecarsAreNewWork() throws {
        let spool = try TemporarySpool()
        let ledger = try Ledger(state: spool.configuration.state)
        let stamp = try spool.drop("a.tif")
        func seen(_ digest: Int64) throws -> [JobAction] {
            let candidate = Candidate(
                path: a, stamp: stamp, sidecars: SidecarStamp(digest: digest), arrival: Date(), origin: .arrival)
            return try ledger.receive([candidate]).map(\.action)
        }
        func publish(_ digest: Int64) throws -> JobAction {
            try ledger.published(
                a, stamp: stamp, sidecars: SidecarStamp(digest: digest), as: WorkIdentity("content"),
                result: RelativePath("a")!
            ).action
        }
        #expect(try seen(0) == [.enqueue])
        _ = try ledger.claim(a)
        #expect(try publish(0) == .settleOriginal)
        #expect(try seen(0) == [.settleOriginal])
        #expect(try seen(1) == [.enqueue])
        #expect(try ledger.claim(a)?.candidate.sidecars == SidecarStamp(digest: 1))
        // Changed again while it is in hand.
        #expect(try seen(2) == [.leave])
        #expect(try publish(1) == .enqueue)
        _ = try ledger.claim(a)
        #expect(try publish(2) == .settleOriginal)
        // One that waits for its next try need wait no longer.
        #expect(try seen(3) == [.enqueue])
        _ = try ledger.claim(a)
        _ = try ledger.failedForNow(a, reason: "a sidecar is wrong")
        guard case .enqueueLater? = try seen(3).first else {
            Issue.record("it waits for its time")
            return
        }
        #expect(try seen(4) == [.enqueue])
        #expect(try ledger.job(a)?.attempts == 0)
    }

    /// A ledger of version 0.1: what is done stays done, what is to be done is done, and changes count from now on.
    @Test func anOlderLedgerGoesOn() throws {
        let spool = try TemporarySpool()
        let state = spool.configuration.state
        let stamp = try spool.drop("a.tif")
        let hash = Data(WorkIdentity("content").content.bytes)
        do {
            let queue = try DatabaseQueue(path: state + "/" + Ledger.fileName)
            try JobSchema.migrator.migrate(queue, upTo: "1")
            try queue.write { database in
                for (name, code, result) in [("a.tif", 3, "a"), ("b.tif", 0, nil), ("c.tif", 4, nil)] {
                    try database.execute(
                        sql: """
                            INSERT INTO job (path, device, inode, size, modified, arrival, state, content, model,
                            settings, result, is_current, updated) VALUES (?, ?, ?, ?, ?, 1, ?, ?, 'model', 'settings',
                            ?, ?, 1)
                            """,
                        arguments: [
                            Data(name.utf8), Int64(bitPattern: stamp.device), Int64(bitPattern: stamp.inode),
                            stamp.size, stamp.modified, code, hash, result.map { Data($0.utf8) }, result != nil,
                        ])
                }
                try database.execute(sql: "INSERT INTO note (name, value) VALUES ('rebuilt', 'yes')")
            }
        }
        // `status` looks at it before the daemon has brought it up to date.
        let reader = try Ledger(reading: state)
        #expect(try reader.failures().map(\.path) == [RelativePath("c.tif")!])
        #expect(try reader.job(a)?.sidecars == nil)

        let ledger = try Ledger(state: state)
        #expect(ledger.brokenCopy == nil)
        #expect(try !ledger.needsRebuild())
        func seen(_ name: String, _ digest: Int64) throws -> [JobAction] {
            let candidate = Candidate(
                path: RelativePath(name)!, stamp: stamp, sidecars: SidecarStamp(digest: digest), arrival: Date(),
                origin: .backlog)
            return try ledger.receive([candidate]).map(\.action)
        }
        #expect(try seen("a.tif", 5) == [.settleOriginal], "its sidecars may be as old as its result")
        #expect(try seen("b.tif", 5) == [.enqueue])
        #expect(try ledger.counts().published == 1)
        #expect(try seen("a.tif", 5) == [.settleOriginal])
        #expect(try seen("a.tif", 6) == [.enqueue])
        _ = try ledger.claim(a)
        #expect(try ledger.identify(a, as: WorkIdentity("content")) == .published(result: RelativePath("a")!))
    }

    @Test func aFileReplacedDuringItsWorkIsQueuedAgain() throws {
        let spool = try TemporarySpool()
        let ledger = try Ledger(state: spool.configuration.state)
        let old = try spool.candidate("a.tif", "old")
        _ = try ledger.receive([old])
        _ = try ledger.claim(a)
        let new = try spool.candidate("a.tif", "newer")
        #expect(try ledger.receive([new]).map(\.action) == [.leave])
        let step = try ledger.published(a, stamp: old.stamp, as: WorkIdentity("old"), result: RelativePath("a")!)
        #expect(step.action == .enqueue)
        #expect(step.job.stamp == new.stamp)
        #expect(try ledger.claim(a) != nil)
    }

    @Test func survivesBeingKilled() throws {
        let spool = try TemporarySpool()
        let publisher = try Publisher(configuration: spool.configuration)
        let candidates = try ["a.tif", "b.tif", "c.tif"].map { try spool.candidate($0, $0) }
        let state = spool.root + "/killed"
        do {
            let ledger = try Ledger(state: spool.configuration.state)
            _ = try ledger.receive(candidates)
            for candidate in candidates { _ = try ledger.claim(candidate.path) }
            _ = try ledger.identify(a, as: WorkIdentity("a.tif"))
            try publisher.publish(a, WorkIdentity("a.tif"))
            _ = try ledger.putBack(candidates[2].path)
            // What a process leaves that is killed here: the files as they are, nothing closed.
            try FileManager.default.copyItem(atPath: spool.configuration.state, toPath: state)
        }
        let ledger = try Ledger(state: state)
        let steps = try ledger.recover(
            publisher: publisher, inbox: Folder(spool.configuration.inbox))
        #expect(steps.map(\.job.path) == [a, candidates[1].path])
        #expect(steps.map(\.action) == [.leave, .enqueue])
        #expect(try ledger.job(a)?.state == .published)
        #expect(try ledger.job(candidates[1].path)?.deaths == 1)
        #expect(try ledger.counts().received == 2)

        // The published one comes again, and is found to be done.
        #expect(try ledger.receive([candidates[0]]).map(\.action) == [.enqueue])
        _ = try ledger.claim(a)
        #expect(try ledger.identify(a, as: WorkIdentity("a.tif")) == .published(result: RelativePath("a")!))
    }

    /// The ledger could not be told of its result, and then the process ended.
    @Test func aStartFindsTheResultOfWhatIsToBeTriedAgain() throws {
        let spool = try TemporarySpool()
        let publisher = try Publisher(configuration: spool.configuration)
        let ledger = try Ledger(state: spool.configuration.state)
        let work = WorkIdentity("the same")
        let other = RelativePath("b.tif")!
        _ = try ledger.receive([spool.candidate("a.tif", "the same"), spool.candidate("b.tif", "the same")])
        _ = try ledger.claim(a)
        #expect(try ledger.identify(a, as: work) == .new)
        try publisher.publish(a, work)
        _ = try ledger.failedForNow(a, reason: "the ledger could not be written")
        let steps = try ledger.recover(publisher: publisher, inbox: Folder(spool.configuration.inbox))
        #expect(steps.map(\.job.path) == [a] && steps.map(\.action) == [.leave])
        #expect(try ledger.job(a)?.state == .published)
        _ = try ledger.claim(other)
        #expect(try ledger.identify(other, as: work) == .duplicate(of: a, result: RelativePath("a")!))
    }

    @Test func quarantinesWhatKillsTheProcessTwice() throws {
        let spool = try TemporarySpool()
        let publisher = try Publisher(configuration: spool.configuration)
        let candidate = try spool.candidate("a.tif")
        for death in 1...2 {
            let ledger = try Ledger(state: spool.configuration.state)
            #expect(try ledger.receive([candidate]).map(\.action) == [.enqueue])
            #expect(try ledger.claim(a) != nil)
            let actions = try ledger.recover(
                publisher: publisher, inbox: Folder(spool.configuration.inbox)
            ).map(\.action)
            let reason = "the process died 2 times while it was worked on"
            #expect(actions == [death == 1 ? .enqueue : .setAside(reason: reason)])
        }
        let ledger = try Ledger(state: spool.configuration.state)
        #expect(try ledger.failures().map(\.path) == [a])
        #expect(try ledger.claim(a) == nil)
        #expect(try ledger.retry().map(\.path) == [a])
        #expect(try ledger.due().map(\.path) == [a])
        #expect(try ledger.claim(a)?.deaths == 0)
    }

    @Test func aStartForgetsWhatIsGone() throws {
        let spool = try TemporarySpool()
        let ledger = try Ledger(state: spool.configuration.state)
        _ = try ledger.receive([try spool.candidate("a.tif"), try spool.candidate("b.tif"), try spool.candidate("c")])
        _ = try ledger.receive([try spool.candidate("link"), try spool.candidate("folder")])
        _ = try ledger.claim(RelativePath("b.tif")!)
        for name in ["a.tif", "b.tif", "link", "folder"] { unlink(spool.configuration.inbox + "/" + name) }
        symlink("c", spool.configuration.inbox + "/link")
        mkdir(spool.configuration.inbox + "/folder", 0o700)
        _ = try ledger.recover(
            publisher: Publisher(configuration: spool.configuration), inbox: Folder(spool.configuration.inbox))
        #expect(try ledger.job(a) == nil)
        #expect(try ledger.counts().pending == 1)
    }

    @Test func aFailedFileThatIsPutBackIsTriedAgain() throws {
        let spool = try TemporarySpool()
        let ledger = try Ledger(state: spool.configuration.state)
        let candidate = try spool.candidate("a.tif")
        _ = try ledger.receive([candidate])
        _ = try ledger.claim(a)
        _ = try ledger.failedForGood(a, stamp: candidate.stamp, reason: "broken")
        // The process died before the file was moved: the move is finished.
        #expect(try ledger.receive([candidate]).map(\.action) == [.setAside(reason: "broken")])
        try ledger.movedAside(a)
        #expect(try ledger.failures().map(\.state) == [.failed(reason: "broken")])
        #expect(try ledger.receive([candidate]).map(\.action) == [.enqueue])
    }

    @Test(arguments: ["not a database at all, but long enough to be taken for one", ""])
    func aBrokenLedgerIsRebuiltFromTheFiles(_ content: String) throws {
        let spool = try TemporarySpool()
        let publisher = try Publisher(configuration: spool.configuration)
        let odd = RelativePath(bytes: Array("album/".utf8) + [0xFF, 0x0A, 0x20] + Array(".tif".utf8))!
        try publisher.publish(a, WorkIdentity("content"))
        try publisher.publish(odd, WorkIdentity("odd"))
        try spool.write("no metadata", to: spool.configuration.outbox, RelativePath("album/stray/01.jpg")!)
        try Data(content.utf8).write(to: URL(fileURLWithPath: spool.configuration.state + "/ledger.sqlite"))

        let ledger = try Ledger(state: spool.configuration.state)
        #expect((ledger.brokenCopy != nil) == !content.isEmpty)
        #expect(try ledger.needsRebuild())
        #expect(try ledger.rebuild(from: publisher) { Issue.record($0) } == 2)
        #expect(try !ledger.needsRebuild())
        #expect(try ledger.counts().published == 2)
        let candidate = try spool.candidate("a.tif")
        #expect(try ledger.receive([candidate]).map(\.action) == [.enqueue])
        _ = try ledger.claim(a)
        #expect(try ledger.identify(a, as: WorkIdentity("content")) == .published(result: RelativePath("a")!))
        #expect(try ledger.job(odd)?.identity == WorkIdentity("odd"))
    }

    /// What lies unreadable among the results, lost+found say, keeps the service from nothing.
    @Test func aLedgerIsRebuiltAroundWhatCannotBeRead() throws {
        let spool = try TemporarySpool()
        let publisher = try Publisher(configuration: spool.configuration)
        let names = ["a.tif", "album/b.tif", "album/c.tif", "private/d.tif"]
        for name in names { try publisher.publish(RelativePath(name)!, WorkIdentity(name)) }
        let ledger = try Ledger(state: spool.configuration.state)
        #expect(throws: FileError.self) {
            try spool.folder.withUnreadable("outbox") { try ledger.rebuild(from: publisher) { _ in } }
        }
        #expect(try ledger.needsRebuild())
        var problems: [String] = []
        let count = try spool.folder.withUnreadable("outbox/private", "outbox/album/b/b.json") {
            try ledger.rebuild(from: publisher) { problems.append("\($0)") }
        }
        #expect(count == 2)
        #expect(
            problems.map { $0.dropFirst(spool.root.count) } == [
                "/outbox/album/b/b.json: cannot open: Permission denied",
                "/outbox/private: cannot open: Permission denied",
            ])
        #expect(try ledger.job(RelativePath("album/c.tif")!)?.identity == WorkIdentity("album/c.tif"))
        #expect(try !ledger.needsRebuild())
        // It is found once it can be read.
        let hidden = RelativePath("album/b.tif")!
        #expect(try publisher.find(source: hidden, identity: WorkIdentity("album/b.tif")) == RelativePath("album/b")!)
    }

    @Test func aPageDamagedInTheMiddleIsNoticed() throws {
        let spool = try TemporarySpool()
        do {
            let ledger = try Ledger(state: spool.configuration.state)
            _ = try ledger.receive(try (0..<300).map { try spool.candidate("file-\($0)") })
        }
        let path = spool.configuration.state + "/ledger.sqlite"
        let size = try #require(try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int)
        let file = try FileHandle(forUpdating: URL(fileURLWithPath: path))
        for offset in stride(from: 4096, to: size - 4096, by: 4096) {
            try file.seek(toOffset: UInt64(offset))
            try file.write(contentsOf: Data(repeating: 0xAA, count: 512))
        }
        try file.close()
        let ledger = try Ledger(state: spool.configuration.state)
        #expect(ledger.brokenCopy != nil)
        #expect(try ledger.counts() == Ledger.Counts())
    }

    @Test func anotherProcessMayLook() throws {
        let spool = try TemporarySpool()
        #expect(throws: FileError.missing(path: spool.configuration.state + "/ledger.sqlite")) {
            try Ledger(reading: spool.configuration.state)
        }
        do {
            let ledger = try Ledger(state: spool.configuration.state)
            _ = try ledger.receive([try spool.candidate("a.tif")])
            #expect(try Ledger(reading: spool.configuration.state).counts().received == 1)
        }
        let reader = try Ledger(reading: spool.configuration.state)
        #expect(try reader.counts().received == 1)
        #expect(throws: SpoolError.self) { try reader.withdraw([a]) }
    }

    @Test func whatLeftTheInboxIsForgotten() throws {
        let spool = try TemporarySpool()
        let ledger = try Ledger(state: spool.configuration.state)
        let candidate = try spool.candidate("a.tif")
        _ = try ledger.receive([candidate, try spool.candidate("b.tif")])
        _ = try ledger.claim(a)
        _ = try ledger.published(a, stamp: candidate.stamp, as: WorkIdentity("content"), result: RelativePath("a")!)
        _ = try ledger.retry([a])
        try ledger.withdraw([a, RelativePath("b.tif")!, RelativePath("never.tif")!])
        #expect(try ledger.counts().pending == 0)
        #expect(try ledger.counts().published == 1)
    }

    @Test(arguments: [11, 12] as [UInt64])
    func theTallyAlwaysAgrees(_ seed: UInt64) throws {
        var generator = SeededGenerator(seed)
        let spool = try TemporarySpool()
        let ledger = try Ledger(state: spool.configuration.state)
        let candidates = try (0..<8).map { try spool.candidate("file-\($0)") }
        for _ in 0..<150 {
            let candidate = candidates.randomElement(using: &generator)!
            let path = candidate.path
            switch Int.random(in: 0..<8, using: &generator) {
            case 0, 1: _ = try ledger.receive([candidate])
            case 2, 3: _ = try ledger.claim(path)
            case 4:
                if try ledger.job(path)?.state == .claimed {
                    _ = try ledger.published(path, stamp: candidate.stamp, as: WorkIdentity("x"), result: path)
                }
            case 5: _ = try ledger.job(path).map { try ledger.failedForNow($0.path, reason: "busy") }
            case 6: try ledger.withdraw([path])
            default: _ = try ledger.retry([path])
            }
            var counted = Ledger.Counts()
            for job in try candidates.compactMap({ try ledger.job($0.path) }) {
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
            #expect(try ledger.counts() == counted, "seed \(seed)")
        }
    }
}
