import Foundation
import TestSupport
import Testing

@testable import Files
@testable import Spool

/// What a job store finds out after a start, over every driver.
@Suite struct JobStoreRecoveryTests {
    private let a = RelativePath("a.tif")!

    @Test(arguments: JobStoreDriver.allCases) func survivesBeingKilled(_ driver: JobStoreDriver) throws {
        let spool = try TemporarySpool()
        let publisher = try Publisher(configuration: spool.configuration)
        let candidates = try ["a.tif", "b.tif", "c.tif"].map { try spool.candidate($0, $0) }
        var store = try driver.open(spool)
        _ = try store.receive(candidates)
        for candidate in candidates { _ = try store.claim(candidate.path) }
        _ = try store.identify(a, as: WorkIdentity("a.tif"))
        try publisher.publish(a, WorkIdentity("a.tif"))
        _ = try store.putBack(candidates[2].path)
        store = try driver.kill(store, spool)
        let steps = try store.recover(
            publisher: publisher, inbox: Folder(spool.configuration.inbox))
        #expect(steps.map(\.job.path) == [a, candidates[1].path])
        #expect(steps.map(\.action) == [.leave, .enqueue])
        #expect(try store.job(a)?.state == .published)
        #expect(try store.job(candidates[1].path)?.deaths == 1)
        #expect(try store.counts().received == 2)

        // The published one comes again, and is found to be done.
        #expect(try store.receive([candidates[0]]).map(\.action) == [.enqueue])
        _ = try store.claim(a)
        #expect(try store.identify(a, as: WorkIdentity("a.tif")) == .published(result: RelativePath("a")!))
    }

    /// The store could not be told of its result, and then the process ended.
    @Test(arguments: JobStoreDriver.allCases) func aStartFindsTheResultOfWhatIsToBeTriedAgain(_ driver: JobStoreDriver)
        throws
    {
        let spool = try TemporarySpool()
        let publisher = try Publisher(configuration: spool.configuration)
        let store = try driver.open(spool)
        let work = WorkIdentity("the same")
        let other = RelativePath("b.tif")!
        _ = try store.receive([spool.candidate("a.tif", "the same"), spool.candidate("b.tif", "the same")])
        _ = try store.claim(a)
        #expect(try store.identify(a, as: work) == .new)
        try publisher.publish(a, work)
        _ = try store.failedForNow(a, reason: "the record could not be written")
        let steps = try store.recover(publisher: publisher, inbox: Folder(spool.configuration.inbox))
        #expect(steps.map(\.job.path) == [a] && steps.map(\.action) == [.leave])
        #expect(try store.job(a)?.state == .published)
        _ = try store.claim(other)
        #expect(try store.identify(other, as: work) == .duplicate(of: a, result: RelativePath("a")!))
    }

    @Test(arguments: JobStoreDriver.allCases) func quarantinesWhatKillsTheProcessTwice(_ driver: JobStoreDriver) throws
    {
        let spool = try TemporarySpool()
        let publisher = try Publisher(configuration: spool.configuration)
        let candidate = try spool.candidate("a.tif")
        var store = try driver.open(spool)
        for death in 1...2 {
            #expect(try store.receive([candidate]).map(\.action) == [.enqueue])
            #expect(try store.claim(a) != nil)
            store = try driver.kill(store, spool)
            let actions = try store.recover(
                publisher: publisher, inbox: Folder(spool.configuration.inbox)
            ).map(\.action)
            let reason = "the process died 2 times while it was worked on"
            #expect(actions == [death == 1 ? .enqueue : .setAside(reason: reason)])
        }
        store = try driver.kill(store, spool)
        #expect(try store.failures().map(\.path) == [a])
        #expect(try store.claim(a) == nil)
        #expect(try store.retry().map(\.path) == [a])
        #expect(try store.due().map(\.path) == [a])
        #expect(try store.claim(a)?.deaths == 0)
    }

    @Test(arguments: JobStoreDriver.allCases) func aStartForgetsWhatIsGone(_ driver: JobStoreDriver) throws {
        let spool = try TemporarySpool()
        let store = try driver.open(spool)
        _ = try store.receive([try spool.candidate("a.tif"), try spool.candidate("b.tif"), try spool.candidate("c")])
        _ = try store.receive([try spool.candidate("link"), try spool.candidate("folder")])
        _ = try store.claim(RelativePath("b.tif")!)
        for name in ["a.tif", "b.tif", "link", "folder"] { unlink(spool.configuration.inbox + "/" + name) }
        symlink("c", spool.configuration.inbox + "/link")
        mkdir(spool.configuration.inbox + "/folder", 0o700)
        _ = try store.recover(
            publisher: Publisher(configuration: spool.configuration), inbox: Folder(spool.configuration.inbox))
        #expect(try store.job(a) == nil)
        #expect(try store.counts().pending == 1)
    }

    @Test(arguments: JobStoreDriver.allCases) func aNewStoreIsMadeFromTheFiles(_ driver: JobStoreDriver) throws {
        let spool = try TemporarySpool()
        let publisher = try Publisher(configuration: spool.configuration)
        let known = RelativePath("known.tif")!
        try publisher.publish(a, WorkIdentity("content"))
        try publisher.publish(known, WorkIdentity("known"))
        var store = try driver.open(spool)
        let candidate = try spool.candidate("known.tif", "newer")
        _ = try store.receive([candidate])
        #expect(try store.needsRebuild())
        #expect(try store.rebuild(from: publisher) { Issue.record($0) } == 2)
        store = try driver.kill(store, spool)
        #expect(try !store.needsRebuild())
        #expect(try store.job(known)?.stamp == candidate.stamp, "what the intake has told is newer")
        #expect(try store.job(known)?.state == .received)
        #expect(try store.receive([try spool.candidate("a.tif")]).map(\.action) == [.enqueue])
        _ = try store.claim(a)
        #expect(try store.identify(a, as: WorkIdentity("content")) == .published(result: RelativePath("a")!))
    }

    @Test(arguments: JobStoreDriver.allCases) func aStartLooksForEveryFile(_ driver: JobStoreDriver) throws {
        let spool = try TemporarySpool()
        let store = try driver.open(spool)
        let stamp = try spool.drop("2500.tif")
        _ = try store.receive(
            (0...2500).map {
                Candidate(path: RelativePath("\($0).tif")!, stamp: stamp, arrival: Date(), origin: .backlog)
            })
        _ = try store.recover(
            publisher: Publisher(configuration: spool.configuration), inbox: Folder(spool.configuration.inbox))
        #expect(try store.counts().pending == 1)
        #expect(try store.job(RelativePath("2500.tif")!) != nil)
    }

    /// What lies unreadable among the results, lost+found say, keeps the service from nothing.
    @Test(arguments: JobStoreDriver.allCases) func aStoreIsRebuiltAroundWhatCannotBeRead(_ driver: JobStoreDriver)
        throws
    {
        let spool = try TemporarySpool()
        let publisher = try Publisher(configuration: spool.configuration)
        let names = ["a.tif", "album/b.tif", "album/c.tif", "private/d.tif"]
        for name in names { try publisher.publish(RelativePath(name)!, WorkIdentity(name)) }
        let store = try driver.open(spool)
        let outbox = spool.configuration.outbox
        #expect(throws: FileError.system(operation: "open", path: outbox, code: EACCES)) {
            try spool.folder.withUnreadable("outbox") { try store.rebuild(from: publisher) { _ in } }
        }
        #expect(try store.needsRebuild())
        var problems: [String] = []
        let count = try spool.folder.withUnreadable("outbox/private", "outbox/album/b/b.json") {
            try store.rebuild(from: publisher) { problems.append("\($0)") }
        }
        #expect(count == 2)
        #expect(
            problems.map { $0.dropFirst(spool.root.count) } == [
                "/outbox/album/b/b.json: cannot open: Permission denied",
                "/outbox/private: cannot open: Permission denied",
            ])
        #expect(try store.job(RelativePath("album/c.tif")!)?.identity == WorkIdentity("album/c.tif"))
        #expect(try !store.needsRebuild())
        // It is found once it can be read.
        let later = RelativePath("album/b.tif")!
        #expect(try publisher.find(source: later, identity: WorkIdentity("album/b.tif")) == RelativePath("album/b")!)
    }
}
