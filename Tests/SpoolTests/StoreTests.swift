import Foundation
import Testing

@testable import Files
@testable import Spool

@Suite struct OriginalsKeeperTests {
    private let path = RelativePath("album/a.tif")!
    private let content = WorkIdentity("content").content

    @Test func keeps() throws {
        let spool = try TemporarySpool()
        let stamp = try spool.drop(path)
        let keeper = try OriginalsKeeper(configuration: spool.configuration)
        #expect(keeper.settle(path, stamp: stamp, content: content) == .kept)
        #expect(spool.read("inbox/album/a.tif") == "content")
    }

    @Test func deletesOnlyWhatWasPublished() throws {
        let spool = try TemporarySpool { $0.originals = .delete }
        let keeper = try OriginalsKeeper(configuration: spool.configuration)
        let old = try spool.drop(path, "old")
        let new = try spool.drop(path, "newer")
        #expect(keeper.settle(path, stamp: old, content: content) == .replaced)
        #expect(spool.read("inbox/album/a.tif") == "newer")
        #expect(keeper.settle(path, stamp: new, content: content) == .deleted)
        #expect(!spool.exists("inbox/album/a.tif"))
        #expect(keeper.settle(path, stamp: new, content: content) == .replaced)
    }

    @Test func archivesBesideWhatIsThere() throws {
        let spool = try TemporarySpool { $0.originals = .archive }
        let keeper = try OriginalsKeeper(configuration: spool.configuration)
        var places: [RelativePath] = []
        for text in ["one", "two", "three"] {
            let stamp = try spool.drop(path, text)
            guard case .archived(let place) = keeper.settle(path, stamp: stamp, content: content) else {
                Issue.record("\(text) was not archived")
                return
            }
            places.append(place)
        }
        #expect(
            places.map(\.description) == [
                "album/a.tif", "album/a-\(content.short).tif", "album/a-\(content.short)-2.tif",
            ])
        #expect(places.map { spool.read("archive/\($0)") } == ["one", "two", "three"])
        #expect(!spool.exists("inbox/album/a.tif"))
    }

    @Test func aFailedArchiveLeavesTheOriginal() throws {
        let spool = try TemporarySpool { $0.originals = .archive }
        let keeper = try OriginalsKeeper(configuration: spool.configuration)
        try spool.write("in the way", to: spool.configuration.archive, RelativePath("album")!)
        let stamp = try spool.drop(path)
        guard case .left = keeper.settle(path, stamp: stamp, content: content) else {
            Issue.record("it was moved")
            return
        }
        #expect(spool.read("inbox/album/a.tif") == "content")
    }

    @Test func aMissingArchiveLeavesTheOriginal() throws {
        let spool = try TemporarySpool { $0.originals = .archive }
        let keeper = try OriginalsKeeper(configuration: spool.configuration)
        let stamp = try spool.drop(path)
        try FileManager.default.removeItem(atPath: spool.configuration.archive)
        guard case .left(let reason) = keeper.settle(path, stamp: stamp, content: content) else {
            Issue.record("it is taken for replaced")
            return
        }
        #expect(reason.contains(spool.configuration.archive))
        #expect(spool.read("inbox/album/a.tif") == "content")
    }

    /// The next photograph's sidecar comes while the last one is moved.
    @Test func aSidecarThatCameSinceStaysInTheInbox() throws {
        let spool = try TemporarySpool { $0.originals = .archive }
        let keeper = try OriginalsKeeper(configuration: spool.configuration)
        let store = try FailedStore(configuration: spool.configuration)
        for isFailed in [false, true] {
            let stamp = try spool.drop(path)
            try spool.drop(path.sidecar, "samples: 2")
            try spool.write("samples: 3", to: spool.root, RelativePath("aside")!)
            let root = spool.root
            try interrupting { change, _ in
                guard change == .rename(.noReplace) else { return }
                rename(root + "/aside", root + "/inbox/album/a.tif.autochrome.yaml")
            } body: {
                if isFailed {
                    let report = FailedStore.Report(path: path, reason: "", time: Date(), attempts: 1, sha256: content)
                    _ = try store.store(report, stamp: stamp)
                } else {
                    #expect(keeper.settle(path, stamp: stamp, content: content) == .archived(path))
                }
            }
            #expect(spool.tree("inbox") == ["album", "album/a.tif.autochrome.yaml"])
            #expect(spool.read("inbox/album/a.tif.autochrome.yaml") == "samples: 3")
            #expect(!spool.exists("\(isFailed ? "failed" : "archive")/album/a.tif.autochrome.yaml"))
        }
    }

    /// Its name may come to be another file's at any moment.
    @Test(arguments: [NameChange.plainRename, .removal])
    func aPhotographRenamedOntoTheNameIsNotDeleted(moment: NameChange) throws {
        let spool = try TemporarySpool { $0.originals = .delete }
        let keeper = try OriginalsKeeper(configuration: spool.configuration)
        let stamp = try spool.drop(path, "published")
        try spool.write("another", to: spool.root, RelativePath("aside")!)
        let root = spool.root
        let outcome = try interrupting { change, _ in
            if change == moment { rename(root + "/aside", root + "/inbox/album/a.tif") }
        } body: {
            keeper.settle(path, stamp: stamp, content: content)
        }
        #expect(outcome == (moment == .removal ? .deleted : .replaced))
        #expect(spool.read("inbox/album/a.tif") == "another")
        #expect(spool.tree("inbox") == ["album", "album/a.tif"])
    }

    @Test func whatCannotBeDeletedGetsItsNameBack() throws {
        let spool = try TemporarySpool { $0.originals = .delete }
        let keeper = try OriginalsKeeper(configuration: spool.configuration)
        let stamp = try spool.drop(path, "published")
        let outcome = try interrupting { change, _ in
            if change == .removal { throw FileError.system(operation: "remove", path: "", code: EIO) }
        } body: {
            keeper.settle(path, stamp: stamp, content: content)
        }
        guard case .left = outcome else {
            Issue.record("\(outcome)")
            return
        }
        #expect(spool.tree("inbox") == ["album", "album/a.tif"])
    }

    @Test func whatADeadProcessWasDeletingIsGivenBack() throws {
        let spool = try TemporarySpool { $0.originals = .delete }
        try spool.write("one", to: spool.configuration.inbox, RelativePath(".autochrome-taken-1/album/a.tif")!)
        try spool.write("two", to: spool.configuration.inbox, RelativePath(".autochrome-taken-2/album/a.tif")!)
        try spool.write("three", to: spool.configuration.inbox, RelativePath(".autochrome-taken-3/b.tif")!)
        _ = try OriginalsKeeper(configuration: spool.configuration)
        #expect(spool.tree("inbox") == ["album", "album/a-returned.tif", "album/a.tif", "b.tif"])
        #expect(Set(["a", "a-returned"].map { spool.read("inbox/album/\($0).tif") }) == ["one", "two"])
    }

    /// The file that was moved by mistake cannot have its name back, as a third has that by now.
    @Test(arguments: [true, false]) func nothingStaysInTheArchiveByMistake(isTaken: Bool) throws {
        let spool = try TemporarySpool { $0.originals = .archive }
        let keeper = try OriginalsKeeper(configuration: spool.configuration)
        let stamp = try spool.drop(path, "published")
        try spool.write("another", to: spool.root, RelativePath("aside-0")!)
        try spool.write("a third", to: spool.root, RelativePath("aside-1")!)
        let root = spool.root
        let outcome = try interrupting { change, count in
            if count == 0 || isTaken { rename(root + "/aside-\(count)", root + "/inbox/album/a.tif") }
        } body: {
            keeper.settle(path, stamp: stamp, content: content)
        }
        #expect(outcome == .replaced)
        #expect(spool.read("inbox/album/a.tif") == (isTaken ? "a third" : "another"))
        #expect(spool.read("inbox/album/a-returned.tif") == (isTaken ? "another" : nil))
        #expect(spool.tree("archive") == ["album"])
    }

    /// A second link is made there and the first one removed; in between another file may take the name.
    @Test(arguments: [NameChange.plainRename, .removal])
    func archivesWhereRenamesKnowNoRules(moment: NameChange) throws {
        let spool = try TemporarySpool { $0.originals = .archive }
        let keeper = try OriginalsKeeper(configuration: spool.configuration)
        let stamp = try spool.drop(path, "published")
        try spool.write("another", to: spool.root, RelativePath("aside")!)
        let root = spool.root
        let outcome = try interrupting(rules: false) { change, _ in
            if change == moment { rename(root + "/aside", root + "/inbox/album/a.tif") }
        } body: {
            keeper.settle(path, stamp: stamp, content: content)
        }
        #expect(outcome == (moment == .removal ? .archived(path) : .replaced))
        #expect(spool.read("inbox/album/a.tif") == "another")
        #expect(spool.read("archive/album/a.tif") == "published")
    }

    /// A folder on a file system of its own: `/dev/shm` is one on every Linux.
    private func withOtherFileSystem(_ body: (String) throws -> Void) throws {
        let shared = "/dev/shm/autochrome-test-\(getpid())-\(UInt32.random(in: 0...UInt32.max))"
        defer { try? FileManager.default.removeItem(atPath: shared) }
        try body(shared)
    }

    private func spool(archive: String) throws -> TemporarySpool {
        try TemporarySpool {
            $0.originals = .archive
            $0.archive = archive
        }
    }

    @Test func archivesToAnotherFileSystem() throws { try withOtherFileSystem(archives(to:)) }

    private func archives(to shared: String) throws {
        let spool = try spool(archive: shared)
        let stamp = try spool.drop(path)
        let inbox = try Folder(spool.configuration.inbox)
        let other = try Folder(shared).descriptor.status(shared).stamp
        try #require(other.device != stamp.device, "both lie on one file system")
        let keeper = try OriginalsKeeper(configuration: spool.configuration)

        // A crash between copy and removal has left the copy.
        try spool.write("content", to: shared, path)
        #expect(keeper.settle(path, stamp: stamp, content: content) == .archived(path))
        #expect(try inbox.status(path) == nil)

        let next = try spool.drop(path, "another")
        let place = RelativePath("album/a-\(content.short).tif")!
        #expect(keeper.settle(path, stamp: next, content: content) == .archived(place))
        #expect(FileManager.default.contents(atPath: shared + "/\(place)") == Data("another".utf8))
        let status = try #require(try Folder(shared).status(place))
        #expect(status.stamp.modified == next.modified)
        #expect(try FileManager.default.contentsOfDirectory(atPath: shared + "/album").count == 2)
    }

    /// While the one copies, the other does it all.
    @Test func twoServicesCopyPhotographsOfOneNameToOneArchive() throws {
        try withOtherFileSystem { shared in
            let spools = [try spool(archive: shared), try spool(archive: shared)]
            let keepers = try spools.map { try OriginalsKeeper(configuration: $0.configuration) }
            let stamps = [try spools[0].drop(path, "of the one"), try spools[1].drop(path, "of the other")]
            var others: [OriginalsKeeper.Outcome] = []
            let own = keepers[0].settle(path, stamp: stamps[0], content: content) {
                if others.isEmpty { others.append(keepers[1].settle(path, stamp: stamps[1], content: content)) }
            }
            let place = RelativePath("album/a-\(content.short).tif")!
            #expect(others == [.archived(path)] && own == .archived(place))
            #expect(FileManager.default.contents(atPath: "\(shared)/\(path)") == Data("of the other".utf8))
            #expect(FileManager.default.contents(atPath: "\(shared)/\(place)") == Data("of the one".utf8))
            #expect(try FileManager.default.contentsOfDirectory(atPath: shared) == ["album"])
        }
    }

    @Test func aCopyThatIsGivenUpLeavesTheOriginalAlone() throws {
        try withOtherFileSystem { shared in
            let spool = try spool(archive: shared)
            let stamp = try spool.drop(path, String(repeating: "a", count: 3 << 20))
            let keeper = try OriginalsKeeper(configuration: spool.configuration)
            var calls = 0
            let outcome = keeper.settle(path, stamp: stamp, content: content) {
                calls += 1
                if calls == 3 { throw CancellationError() }
            }
            guard case .left = outcome else {
                Issue.record("\(outcome)")
                return
            }
            #expect(calls == 3)
            #expect(try Folder(spool.configuration.inbox).status(path)?.stamp == stamp)
            #expect(spool.tree("inbox") == ["album", "album/a.tif"])
            #expect(try FileManager.default.subpathsOfDirectory(atPath: shared) == ["album"])
        }
    }

    @Test func aDeadProcessesHalfCopiesAreRemoved() throws {
        let spool = try TemporarySpool { $0.originals = .archive }
        let prefix = ".autochrome-copy-"
        let dead = HostIdentity.current.name(prefix: prefix)
        let busy = HostIdentity.current.name(prefix: prefix)
        let anothers = HostIdentity(host: "another", boot: "1").name(prefix: prefix)
        for folder in ["archive", "failed", "inbox"] {
            for name in [dead, busy, anothers] { try spool.folder.write("half", "\(folder)/\(name)") }
        }
        let locks = try ["archive", "failed", "inbox"].map { try Folder("\(spool.root)/\($0)").file(.init(busy)!) }
        for lock in locks { #expect(flock(lock.raw, LOCK_EX | LOCK_NB) == 0) }
        _ = try Spool(spool.configuration)
        for folder in ["archive", "failed", "inbox"] { #expect(spool.tree(folder) == [busy, anothers].sorted()) }
    }
}

@Suite struct FailedStoreTests {
    private func report(_ path: RelativePath, _ reason: String = "not an image") -> FailedStore.Report {
        FailedStore.Report(
            path: path, reason: reason, time: Date(timeIntervalSince1970: 1_000_000), attempts: 1,
            sha256: WorkIdentity("content").content)
    }

    @Test(arguments: [
        Array("album/a.tif".utf8), [0xFF, 0x0A, 0x20, 0xC3], Array(repeating: 0x61, count: 255),
        Array("no extension".utf8), Array("a.json".utf8),
    ])
    func storesAndGivesBack(_ bytes: [UInt8]) throws {
        let spool = try TemporarySpool()
        let store = try FailedStore(configuration: spool.configuration)
        let inbox = try Folder(spool.configuration.inbox)
        let path = RelativePath(bytes: bytes)!
        let stamp = try spool.drop(path)
        let location = try store.store(report(path), stamp: stamp)
        #expect(try inbox.status(path) == nil)
        #expect(try store.folder.status(location)?.stamp == stamp)
        let entry = try #require(try store.entries(from: path).first)
        #expect(entry == FailedStore.Entry(location: location, report: report(path)))
        #expect(try store.entries() == [entry])

        try store.retry(entry)
        #expect(try inbox.status(path)?.stamp == stamp)
        #expect(try FileManager.default.contentsOfDirectory(atPath: spool.configuration.failed) == [])
    }

    @Test func aSidecarGoesWithItsFileAndComesBack() throws {
        let spool = try TemporarySpool()
        let store = try FailedStore(configuration: spool.configuration)
        let path = RelativePath("album/a.tif")!
        // Two of one name, each with a sidecar of its own.
        for round in 1...2 {
            try spool.drop("album/a.tif.autochrome.yaml", "samples: \(round)")
            _ = try store.store(report(path, "reason \(round)"), stamp: try spool.drop(path, "content \(round)"))
            #expect(!spool.exists("inbox/album/a.tif.autochrome.yaml"))
        }
        let entries = try store.entries(from: path)
        #expect(entries.count == 2)
        for entry in entries {
            let round = try #require(entry.report.reason.last)
            #expect(spool.read("failed/\(entry.location.sidecar)") == "samples: \(round)")
            try store.retry(entry)
            #expect(spool.read("inbox/album/a.tif") == "content \(round)")
            #expect(spool.read("inbox/album/a.tif.autochrome.yaml") == "samples: \(round)")
            for name in ["a.tif", "a.tif.autochrome.yaml"] { unlink(spool.root + "/inbox/album/" + name) }
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: spool.configuration.failed) == [])

        // One that was written meanwhile holds.
        try spool.drop("album/a.tif.autochrome.yaml", "samples: 3")
        _ = try store.store(report(path), stamp: try spool.drop(path))
        try spool.drop("album/a.tif.autochrome.yaml", "samples: 4")
        try store.retry(try #require(try store.entries(from: path).first))
        #expect(spool.read("inbox/album/a.tif.autochrome.yaml") == "samples: 4")
    }

    @Test func keepsFailuresOfOneNameApart() throws {
        let spool = try TemporarySpool()
        let store = try FailedStore(configuration: spool.configuration)
        let path = RelativePath("a.tif")!
        for round in 1...3 {
            _ = try store.store(report(path, "reason \(round)"), stamp: try spool.drop(path, "content \(round)"))
        }
        let entries = try store.entries(from: path)
        #expect(entries.count == 3)
        for entry in entries {
            let round = try #require(entry.report.reason.last)
            #expect(spool.read("failed/\(entry.location)") == "content \(round)")
        }
        // What is in the inbox is not replaced by what is put back.
        try spool.drop(path, "new")
        #expect(throws: FileError.occupied(path: spool.configuration.inbox + "/a.tif")) {
            try store.retry(entries[0])
        }
        #expect(spool.read("inbox/a.tif") == "new")
        #expect(try store.entries(from: path).count == 3)
    }

    /// What has no room for a report leaves nothing that would be in its way later.
    @Test func aReportThatCannotBeWrittenLeavesNothing() throws {
        let spool = try TemporarySpool()
        let store = try FailedStore(configuration: spool.configuration)
        let stamp = try spool.drop("a.png")
        #expect(throws: FileError.self) {
            // The report alone gets its name so; the photograph replaces nothing.
            try interrupting { change, _ in
                if change == .plainRename { throw FileError.system(operation: "write", path: "", code: ENOSPC) }
            } body: {
                try store.store(report(RelativePath("a.png")!), stamp: stamp)
            }
        }
        #expect(spool.tree("failed") == [] && spool.read("inbox/a.png") == "content")
        #expect(try store.store(report(RelativePath("a.png")!), stamp: stamp) == RelativePath("a.png"))
    }

    @Test func leavesAFileThatWasReplaced() throws {
        let spool = try TemporarySpool()
        let store = try FailedStore(configuration: spool.configuration)
        let path = RelativePath("a.tif")!
        let old = try spool.drop(path, "old")
        try spool.drop(path, "newer")
        let error = try #require(throws: FileError.self) { try store.store(report(path), stamp: old) }
        #expect(error.isGone)
        #expect(spool.read("inbox/a.tif") == "newer")
        #expect(try store.entries() == [])
    }

    @Test func storesWhatNobodyMayRead() throws {
        let spool = try TemporarySpool()
        let store = try FailedStore(configuration: spool.configuration)
        let path = RelativePath("a.tif")!
        let stamp = try spool.drop(path)
        chmod(spool.configuration.inbox + "/a.tif", 0)
        #expect(try store.store(report(path), stamp: stamp) == path)
    }
}
