import Foundation
import Synchronization
import TestSupport
import Testing

@testable import Files
@testable import Spool

/// An outbox into which several machines publish.
@Suite struct SharedOutboxTests {
    private let path = RelativePath("album/grandma.tif")!
    private let place = RelativePath("album/grandma")!

    /// Publishes as a worker does, and counts the renames that have moved a result.
    private func offer(
        _ publisher: Publisher, _ identity: WorkIdentity, of source: RelativePath? = nil
    ) throws -> RelativePath {
        let source = source ?? path
        let staging = try publisher.stage()
        try staging.write(Data("variant of \(identity.content)".utf8), as: "01.jpg")
        try staging.write(document(source, identity), as: ResultName.metadata(of: source))
        return try publisher.publishBesideOthers(staging, source: source, identity: identity, patience: 1)
    }

    private func machines(_ spool: TemporarySpool) throws -> [Publisher] {
        try ["north", "south"].map {
            try Publisher(
                outbox: spool.configuration.outbox, reserveBytes: 0, host: HostIdentity(host: $0, boot: "boot"))
        }
    }

    /// Two machines race for one result: one publishes, none is harmed.
    ///
    /// `AUTOCHROME_RACES=10000` makes it a longer one.
    @Test(arguments: [true, false]) func oneOfTwoMachinesPublishes(rules: Bool) async throws {
        let rounds = ProcessInfo.processInfo.environment["AUTOCHROME_RACES"].flatMap { Int($0) } ?? 100
        let spool = try TemporarySpool()
        let machines = try machines(spool)
        let identity = WorkIdentity("tif")
        for round in 0..<rounds {
            let source = RelativePath("\(round % 7)/\(round).tif")!
            let found = try await withThrowingTaskGroup(of: RelativePath.self) { group in
                for machine in machines {
                    group.addTask {
                        try interrupting(rules: rules, { _, _ in }) {
                            try offer(machine, identity, of: source)
                        }
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(Set(found) == [RelativePath("\(round % 7)/\(round)")!])
            let result = try machines[0].result(at: found[0])
            #expect(result?.identity == identity && spool.exists("outbox/\(found[0])/01.jpg"))
            try FileManager.default.removeItem(atPath: machines[0].outbox.display(found[0]))
        }
        #expect(spool.tree("outbox").filter { $0.contains(".autochrome") } == [])
    }

    @Test func aResultThatIsThereStays() throws {
        let spool = try TemporarySpool()
        let machines = try machines(spool)
        #expect(try offer(machines[0], WorkIdentity("tif")) == place)
        let before = try machines[0].outbox.status(place)?.stamp.inode
        #expect(try offer(machines[1], WorkIdentity("tif")) == place)
        #expect(try machines[0].outbox.status(place)?.stamp.inode == before)
    }

    /// A server carries a rename out, its answer is lost, and the second try finds nothing to rename.
    @Test(arguments: [true, false]) func aRenameThatWasSentTwiceIsOne(rules: Bool) throws {
        let spool = try TemporarySpool()
        let machine = try machines(spool)[0]
        let interruption: @Sendable (NameChange, Int) throws -> Void = { change, count in
            guard change == (rules ? .rename(.noReplace) : .plainRename) else { return }
            let names = try Folder.names(in: machine.outbox.descriptor, "")
            let hidden = names.first { $0.starts(with: ".autochrome-".utf8) }
            let parent = try machine.outbox.directory(place.parent)
            try Folder.renamePlainly(
                (machine.outbox.descriptor.raw, hidden![...]), (parent.raw, place.name), path: "")
            withExtendedLifetime(parent) {}
            throw FileError.missing(path: "")
        }
        #expect(try interrupting(rules: rules, interruption) { try offer(machine, WorkIdentity("tif")) } == place)
        #expect(try machine.result(at: place)?.identity == WorkIdentity("tif"))
    }

    @Test(arguments: [true, false]) func aNewerResultLiesBesideTheOldOneUntilItIsPromoted(rules: Bool) throws {
        let spool = try TemporarySpool()
        let machine = try machines(spool)[0]
        try interrupting(rules: rules, { _, _ in }) {
            let old = WorkIdentity("tif", model: "old")
            _ = try offer(machine, old)
            let new = WorkIdentity("tif", model: "new")
            let beside = try offer(machine, new)
            #expect(beside != place && beside.parent == place.parent)
            #expect(try machine.result(at: place)?.identity == old, "a worker replaces nothing")
            #expect(try machine.promote(beside, of: path, content: new.content).place == place)
            #expect(try machine.result(at: place)?.identity == new)
            #expect(try machine.promote(place, of: path, content: new.content).place == place, "again it does nothing")
            #expect(spool.folder.list("outbox/album") == ["grandma"])
            #expect(spool.folder.list("outbox") == ["album"])
        }
    }

    @Test func promotionLeavesOtherPhotographsResultsAlone() throws {
        let spool = try TemporarySpool()
        let machine = try machines(spool)[0]
        let twin = RelativePath("album/grandma.jpg")!
        _ = try offer(machine, WorkIdentity("jpg"), of: twin)
        let own = try offer(machine, WorkIdentity("tif"))
        #expect(try machine.promote(own, of: path, content: WorkIdentity("tif").content).place == own)
        #expect(try machine.result(at: place)?.source == twin)
        // Of another content, where originals leave their names to others.
        let later = try offer(machine, WorkIdentity("later"))
        let kept = try machine.promote(
            later, of: path, content: WorkIdentity("later").content, previous: own, replacesOther: false
        ).place
        #expect(try kept == later && machine.result(at: own)?.identity == WorkIdentity("tif"))
        // A result that is another file's.
        let others = try machine.promote(place, of: path, content: WorkIdentity("jpg").content, previous: own).place
        #expect(others == place)
        #expect(try machine.result(at: own)?.identity == WorkIdentity("tif"))
    }

    /// The coordinator may be exchanging a result just now.
    @Test func aWorkerGivesNoResultBack() throws {
        let spool = try TemporarySpool()
        let machine = try machines(spool)[0]
        _ = try offer(machine, WorkIdentity("tif"))
        try FileManager.default.createDirectory(
            atPath: spool.root + "/outbox/.autochrome-replaced-x-y-z/album", withIntermediateDirectories: true)
        try FileManager.default.moveItem(
            atPath: spool.root + "/outbox/album/grandma",
            toPath: spool.root + "/outbox/.autochrome-replaced-x-y-z/album/grandma")
        try machine.sweep(restores: false) { Issue.record($0) }
        #expect(try machine.result(at: place) == nil)
        try machine.sweep { Issue.record($0) }
        #expect(try machine.result(at: place)?.identity == WorkIdentity("tif"))
    }
}

/// Markers that tell the folders that are meant.
@Suite struct SharedFoldersTests {
    private let spool: TemporarySpool
    private let inbox: Folder
    private let outbox: Folder

    init() throws {
        spool = try TemporarySpool()
        inbox = try Folder(spool.configuration.inbox)
        outbox = try Folder(spool.configuration.outbox)
    }

    @Test func theCoordinatorMarksThemAndAllOthersReadIt() throws {
        #expect(throws: SpoolError.self) { try SharedFolders(inbox: inbox, outbox: outbox, makes: false) }
        #expect(spool.tree("inbox") == [])
        let made = try SharedFolders(inbox: inbox, outbox: outbox, makes: true)
        #expect(try SharedFolders(inbox: inbox, outbox: outbox, makes: false) == made)
        #expect(try SharedFolders(inbox: inbox, outbox: outbox, makes: true) == made)
    }

    /// A place where nothing is mounted has no marker; the coordinator must not make it one.
    @Test(arguments: ["inbox", "outbox"]) func whatIsNotMountedIsNoticed(_ name: String) throws {
        _ = try SharedFolders(inbox: inbox, outbox: outbox, makes: true)
        try FileManager.default.removeItem(atPath: spool.root + "/\(name)/.autochrome.id")
        for makes in [true, false] {
            #expect(throws: SpoolError.self) { try SharedFolders(inbox: inbox, outbox: outbox, makes: makes) }
        }
        #expect(spool.tree(name) == [])
    }

    @Test func foldersThatAreNoPairAreRefused() throws {
        _ = try SharedFolders(inbox: inbox, outbox: outbox, makes: true)
        let other = try TemporarySpool()
        let others = (try Folder(other.configuration.inbox), try Folder(other.configuration.outbox))
        _ = try SharedFolders(inbox: others.0, outbox: others.1, makes: true)
        #expect(throws: SpoolError.self) { try SharedFolders(inbox: inbox, outbox: others.1, makes: true) }
        #expect(throws: SpoolError.self) { try SharedFolders(inbox: outbox, outbox: inbox, makes: true) }
        try spool.folder.write("photographs", "inbox/.autochrome.id")
        #expect(throws: SpoolError.self) { try SharedFolders(inbox: inbox, outbox: outbox, makes: true) }
    }

    @Test func noIntakeTakesAMarker() throws {
        _ = try SharedFolders(inbox: inbox, outbox: outbox, makes: true)
        let listener = Listener()
        _ = try listener.intake(spool.configuration).scanOnce { listener.deliver($0) }
        #expect(listener.candidates == [])
    }
}
