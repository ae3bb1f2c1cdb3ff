import Foundation
import Synchronization
import Testing

@testable import Files
@testable import Spool

@Suite struct PublisherTests {
    private let tif = RelativePath("album/grandma.tif")!
    private let jpg = RelativePath("album/grandma.jpg")!

    @Test func publishesWhole() throws {
        let spool = try TemporarySpool()
        let publisher = try Publisher(configuration: spool.configuration)
        #expect(try publisher.publish(tif, WorkIdentity("tif")) == RelativePath("album/grandma"))
        #expect(spool.exists("outbox/album/grandma/01.jpg"))
        let result = try #require(try publisher.result(at: RelativePath("album/grandma")!))
        #expect(result.source == tif)
        #expect(result.identity == WorkIdentity("tif"))
        #expect(try publisher.find(source: tif, identity: WorkIdentity("tif")) == RelativePath("album/grandma"))
        #expect(try publisher.find(source: tif, identity: WorkIdentity("tif", model: "other")) == nil)
        #expect(try publisher.find(source: jpg, identity: WorkIdentity("tif")) == nil)
        #expect(try FileManager.default.contentsOfDirectory(atPath: spool.configuration.outbox) == ["album"])
    }

    @Test func whatIsNoMetadataMakesNoResult() throws {
        let spool = try TemporarySpool()
        let publisher = try Publisher(configuration: spool.configuration)
        let made = publisher.outbox.display(try publisher.publish(tif, WorkIdentity("tif")))
        for (name, make) in [
            ("link", { symlink(made + "/grandma.json", $0) }), ("folder", { mkdir($0, 0o700) }),
            ("pipe", { mkfifo($0, 0o600) }),
        ] as [(String, (String) -> Int32)] {
            try spool.folder.makeFolder("outbox/\(name)")
            #expect(make("\(spool.configuration.outbox)/\(name)/\(name).json") == 0)
            #expect(try publisher.result(at: RelativePath(name)!) == nil)
        }
    }

    /// Taken for none, it would be made again.
    @Test(.enabled(if: geteuid() != 0, "root may read everything"))
    func aResultThatMayNotBeReadIsNotTakenForNone() throws {
        let spool = try TemporarySpool()
        let publisher = try Publisher(configuration: spool.configuration)
        let result = try publisher.publish(tif, WorkIdentity("tif"))
        chmod(publisher.outbox.display(result) + "/grandma.json", 0)
        #expect(throws: FileError.self) { try publisher.result(at: result) }
    }

    /// Looks at a result again and again while it is replaced.
    private final class Reader: Sendable {
        private let state = Mutex((isDone: false, looks: 0, partial: [String]()))

        var looks: Int { state.withLock { $0.looks } }
        var partial: [String] { state.withLock { $0.partial } }

        func finish() { state.withLock { $0.isDone = true } }

        func look(at path: String) {
            while !state.withLock({ $0.isDone }) {
                // Through one descriptor, so that all looks of a round are at one and the same folder.
                let directory = open(path, O_RDONLY | O_DIRECTORY)
                guard directory >= 0 else { continue }
                let names = ["01.jpg", "a.json"].filter { (name: String) in faccessat(directory, name, F_OK, 0) == 0 }
                // One that was exchanged in the meantime has no name any more and is being emptied.
                var before = stat()
                var after = stat()
                let isCurrent =
                    fstat(directory, &before) == 0 && stat(path, &after) == 0 && before.st_ino == after.st_ino
                close(directory)
                guard isCurrent else { continue }
                state.withLock {
                    $0.looks += 1
                    if names.count < 2 { $0.partial.append("\(names)") }
                }
            }
        }
    }

    @Test func aReaderNeverSeesAPart() async throws {
        let spool = try TemporarySpool()
        let publisher = try Publisher(configuration: spool.configuration)
        let reader = Reader()
        let path = spool.configuration.outbox + "/a"
        let thread = Thread { reader.look(at: path) }
        thread.start()
        defer { reader.finish() }
        for round in 0..<100 {
            try publisher.publish(RelativePath("a.tif")!, WorkIdentity("\(round)"))
            if round == 0 { #expect(await eventually { reader.looks > 0 }) }
        }
        #expect(reader.partial == [])
        #expect(try FileManager.default.contentsOfDirectory(atPath: spool.configuration.outbox) == ["a"])
    }

    @Test func twoSourcesOfOneStem() throws {
        let spool = try TemporarySpool()
        let publisher = try Publisher(configuration: spool.configuration)
        let first = try publisher.publish(tif, WorkIdentity("tif"))
        let second = try publisher.publish(jpg, WorkIdentity("jpg"))
        #expect(first == RelativePath("album/grandma"))
        #expect(second == RelativePath("album/grandma-\(WorkIdentity("jpg").content.short)"))
        #expect(try publisher.find(source: jpg, identity: WorkIdentity("jpg")) == second)

        // New content takes the place of the old, at the same name.
        #expect(try publisher.publish(tif, WorkIdentity("tif 2")) == first)
        #expect(try publisher.publish(jpg, WorkIdentity("jpg 2"), previous: second) == second)
        #expect(try publisher.result(at: first)?.identity == WorkIdentity("tif 2"))
        #expect(try publisher.result(at: second)?.identity == WorkIdentity("jpg 2"))
        #expect(try FileManager.default.contentsOfDirectory(atPath: spool.root + "/outbox/album").count == 2)
    }

    @Test func aResultOfOtherContentStaysWhereItIsNotReplaced() throws {
        let spool = try TemporarySpool()
        let publisher = try Publisher(configuration: spool.configuration)
        let (one, two) = (WorkIdentity("one"), WorkIdentity("two"))
        let first = try publisher.publish(tif, one)
        let second = try publisher.publish(tif, two, previous: first, replacesOther: false)
        #expect(second == RelativePath("album/grandma-\(two.content.short)"))
        // The same content again, with another model or other settings, does replace its own.
        #expect(try publisher.publish(tif, one, previous: first, replacesOther: false) == first)
        #expect(try publisher.publish(tif, two, previous: first, replacesOther: false) == second)
        #expect(try publisher.result(at: first)?.identity == one)
    }

    @Test func aFolderOfTheSourcesNameIsLeftAlone() throws {
        let spool = try TemporarySpool()
        let publisher = try Publisher(configuration: spool.configuration)
        let inner = RelativePath("a/b.tif")!
        let outer = RelativePath("a.tif")!
        try publisher.publish(inner, WorkIdentity("inner"))
        let suffixed = try publisher.publish(outer, WorkIdentity("outer"))
        #expect(suffixed == RelativePath("a-\(WorkIdentity("outer").content.short)"))

        // The other way round the folder comes to lie in the result, which is then not replaced.
        try publisher.publish(RelativePath("c.tif")!, WorkIdentity("c"))
        try publisher.publish(RelativePath("c/d.tif")!, WorkIdentity("d"))
        let moved = try publisher.publish(RelativePath("c.tif")!, WorkIdentity("c 2"))
        #expect(moved == RelativePath("c-\(WorkIdentity("c 2").content.short)"))
        #expect(try publisher.result(at: RelativePath("c/d")!)?.identity == WorkIdentity("d"))
        #expect(try publisher.result(at: RelativePath("c")!)?.identity == WorkIdentity("c"))
    }

    @Test func replacesNothingUnlessAsked() throws {
        let spool = try TemporarySpool()
        let publisher = try Publisher(configuration: spool.configuration)
        let place = RelativePath("a")!
        let first = try publisher.stage()
        try first.write(Data("1".utf8), as: "file")
        try publisher.publish(first, as: place, replacing: true)
        let second = try publisher.stage()
        try second.write(Data("2".utf8), as: "file")
        #expect(throws: FileError.occupied(path: publisher.outbox.path + "/a")) {
            try publisher.publish(second, as: place, replacing: false)
        }
        #expect(spool.read("outbox/a/file") == "1")
        try publisher.publish(second, as: place, replacing: true)
        #expect(spool.read("outbox/a/file") == "2")
    }

    @Test func refusesWhatDoesNotReadBack() throws {
        let spool = try TemporarySpool()
        let publisher = try Publisher(configuration: spool.configuration)
        let staging = try publisher.stage()
        try staging.write(Data("right".utf8), as: "01.jpg")
        try Data("wrong".utf8).write(to: URL(fileURLWithPath: staging.path + "/01.jpg"))
        #expect(throws: FileError.damaged(path: staging.path + "/01.jpg", detail: "the content differs")) {
            try publisher.publish(staging, source: tif, content: WorkIdentity("tif").content)
        }
        staging.expect("02.jpg", WorkIdentity("tif").content)
        unlink(staging.path + "/01.jpg")
        #expect(throws: FileError.self) {
            try publisher.publish(staging, source: tif, content: WorkIdentity("tif").content)
        }
        #expect(!spool.exists("outbox/album"))
    }

    @Test func anothersResultThatCannotBeReadIsNotInTheWay() throws {
        let spool = try TemporarySpool()
        let publisher = try Publisher(configuration: spool.configuration)
        #expect(try publisher.publish(tif, WorkIdentity("tif")) == RelativePath("album/grandma"))
        for name in ["/outbox", "/outbox/album"] { chmod(spool.root + name, 0o777) }
        try spool.folder.withUnreadable("outbox/album/grandma/grandma.json") {
            let identity = WorkIdentity("jpg")
            #expect(throws: FileError.self) { try publisher.find(source: jpg, identity: identity) }
            #expect(try publisher.find(source: jpg, identity: identity) { _ in true } == nil)
            let place = try publisher.publish(jpg, identity)
            #expect(place == RelativePath("album/grandma-\(identity.content.short)"))
            #expect(throws: FileError.self) { try publisher.find(source: tif, identity: WorkIdentity("tif")) }
            #expect(throws: FileError.self) {
                try publisher.publish(tif, WorkIdentity("tif 2"), previous: RelativePath("album/grandma"))
            }
        }
        #expect(try publisher.find(source: tif, identity: WorkIdentity("tif")) == RelativePath("album/grandma"))
    }

    @Test func removesWhatIsAbandonedAndNothingElse() throws {
        let spool = try TemporarySpool()
        let publisher = try Publisher(configuration: spool.configuration)
        let dead = publisher.host.name(prefix: Staging.prefix)
        try spool.write("left", to: spool.configuration.outbox, RelativePath("\(dead)/deep/01.jpg")!)
        try spool.write("user's", to: spool.configuration.outbox, RelativePath(".hidden/file")!)
        let busy = try publisher.stage()
        #expect(try publisher.sweep() == 1)
        #expect(!spool.exists("outbox/\(dead)"))
        #expect(spool.exists("outbox/.hidden/file"))
        #expect(access(busy.path, F_OK) == 0)
    }

    /// Locks of folders on a network file system hold on one machine alone.
    @Test func anotherMachinesWorkIsLeftAloneForADay() throws {
        let spool = try TemporarySpool()
        func publisher(_ host: String, _ boot: String) throws -> Publisher {
            try Publisher(outbox: spool.configuration.outbox, reserveBytes: 0, host: .init(host: host, boot: boot))
        }
        let (one, two) = (try publisher("one", "1"), try publisher("two", "1"))
        let work = one.host.name(prefix: Staging.prefix)
        let ancient = "\(Staging.prefix)0123456789abc"
        for name in [work, ancient] {
            try spool.write("in hand", to: spool.configuration.outbox, RelativePath("\(name)/01.jpg")!)
        }
        #expect(try two.sweep() == 0)
        #expect(spool.exists("outbox/\(work)/01.jpg") && spool.exists("outbox/\(ancient)/01.jpg"))

        func age(_ paths: String...) {
            for path in paths {
                var times = [timespec(tv_sec: time(nil) - 90_000, tv_nsec: 0), timespec()]
                times[1] = times[0]
                #expect(utimensat(AT_FDCWD, "\(spool.configuration.outbox)/\(path)", &times, 0) == 0)
            }
        }
        // One young file is a sign of life.
        age(work, ancient, "\(ancient)/01.jpg")
        #expect(try two.sweep() == 1)
        #expect(spool.exists("outbox/\(work)/01.jpg") && !spool.exists("outbox/\(ancient)"))
        age("\(work)/01.jpg", work)
        #expect(try two.sweep() == 1)

        // Another machine may be a clone with the same name, and differs by its start.
        try spool.write("in hand", to: spool.configuration.outbox, RelativePath("\(work)/01.jpg")!)
        #expect(try publisher("one", "2").sweep() == 0)
        #expect(try one.sweep() == 1)
        #expect(spool.tree("outbox") == [])
    }

    private enum Rival: CaseIterable { case sameWork, otherSettings, otherSource }

    /// Where no rename refuses to replace, the one that comes second finds the name of a whole result.
    @Test(arguments: Rival.allCases, [true, false])
    private func somebodyWasFirst(rival: Rival, rules: Bool) throws {
        let spool = try TemporarySpool()
        let publisher = try Publisher(configuration: spool.configuration)
        let other = try Publisher(configuration: spool.configuration)
        let (place, mine) = (RelativePath("album/grandma")!, WorkIdentity("tif"))
        let published = try interrupting(rules: rules) { _, count in
            guard count == 0 else { return }
            switch rival {
            case .sameWork: try other.publish(tif, mine)
            case .otherSettings: try other.publish(tif, WorkIdentity("tif", settings: "other"))
            case .otherSource: try other.publish(jpg, WorkIdentity("jpg"))
            }
        } body: {
            try publisher.publish(tif, mine)
        }
        #expect(try publisher.result(at: published)?.identity == mine)
        if rival == .otherSource {
            #expect(published == RelativePath("album/grandma-\(mine.content.short)"))
            #expect(try publisher.result(at: place)?.source == jpg)
        } else {
            #expect(published == place)
        }
        #expect(spool.folder.list("outbox") == ["album"])
        #expect(spool.folder.list("outbox/album").count == (rival == .otherSource ? 2 : 1))
    }

    /// Two that replace one result, where names cannot be exchanged: at every moment of the one the other does it all.
    @Test(arguments: 0..<4) func oneOfTwoReplacersIsSeen(moment: Int) throws {
        let spool = try TemporarySpool()
        let publisher = try Publisher(configuration: spool.configuration)
        let other = try Publisher(configuration: spool.configuration)
        let place = try publisher.publish(tif, WorkIdentity("old"))
        let theirs = Mutex(false)
        let published = try interrupting(rules: false) { _, count in
            guard count == moment else { return }
            try other.publish(tif, WorkIdentity("theirs"))
            theirs.withLock { $0 = true }
        } body: {
            try publisher.publish(tif, WorkIdentity("mine"))
        }
        // A replacement there takes three changes of names, the last one after the new result has its own, and more where
        // another comes between them.
        #expect(theirs.withLock { $0 } == (moment < 3))
        #expect(published == place)
        #expect(try publisher.result(at: place)?.identity == WorkIdentity(moment == 2 ? "theirs" : "mine"))
        #expect(spool.tree("outbox") == ["album"] + ["", "/01.jpg", "/grandma.json"].map { "album/grandma" + $0 })
    }

    /// The old result has lost its name when the new one does not get it: for a moment, or until the next start.
    @Test(arguments: [1..<2, 1..<9]) func aFailedReplacementKeepsTheOldResult(failing: Range<Int>) throws {
        let spool = try TemporarySpool()
        let publisher = try Publisher(configuration: spool.configuration)
        let place = try publisher.publish(tif, WorkIdentity("old"))
        #expect(throws: FileError.system(operation: "rename", path: "here", code: EIO)) {
            try interrupting(rules: false) { _, count in
                if failing.contains(count) { throw FileError.system(operation: "rename", path: "here", code: EIO) }
            } body: {
                try publisher.publish(tif, WorkIdentity("new"))
            }
        }
        try Publisher(configuration: spool.configuration).sweep()
        #expect(try publisher.result(at: place)?.identity == WorkIdentity("old"))
        #expect(spool.tree("outbox") == ["album"] + ["", "/01.jpg", "/grandma.json"].map { "album/grandma" + $0 })
    }

    /// The process dies while it removes the old result, and somebody takes the new one away before the next start.
    @Test func aPartOfAnOldResultIsNeverGivenBack() throws {
        let spool = try TemporarySpool()
        let publisher = try Publisher(configuration: spool.configuration)
        let place = try publisher.publish(tif, WorkIdentity("old"))
        let outbox = spool.configuration.outbox
        let before = Mutex<[String]>([])
        try interrupting(rules: false) { change, count in
            guard count == 2 else { return }
            #expect(change == .plainRename)
            before.withLock { $0 = (try? FileManager.default.subpathsOfDirectory(atPath: outbox)) ?? [] }
        } body: {
            _ = try publisher.publish(tif, WorkIdentity("new"))
        }
        // All of the old result lies where it would be given back, until it gets a name from which nothing is.
        #expect(before.withLock { $0.count { $0.hasSuffix("album/grandma/01.jpg") } } == 2)
        let dead = publisher.host.name(prefix: Staging.prefix)
        try FileManager.default.moveItem(atPath: outbox + "/\(place)", toPath: outbox + "/\(dead)")
        unlink(outbox + "/\(dead)/01.jpg")
        #expect(try publisher.sweep() == 1)
        #expect(spool.tree("outbox") == ["album"])
    }

    @Test func aResultThatCannotBeGivenBackIsReported() throws {
        let spool = try TemporarySpool()
        let publisher = try Publisher(configuration: spool.configuration)
        let place = try publisher.publish(tif, WorkIdentity("old"))
        let shelf = publisher.host.name(prefix: Publisher.replacedPrefix)
        try spool.folder.makeFolder("outbox/\(shelf)/album")
        let outbox = spool.configuration.outbox
        try FileManager.default.moveItem(
            atPath: outbox + "/\(place)", toPath: outbox + "/\(shelf)/\(place)")
        for name in ["outbox", "outbox/\(shelf)"] { chmod(spool.root + "/" + name, 0o777) }
        try spool.folder.withUnreadable("outbox/\(shelf)/album") {
            _ = #expect(throws: FileError.self) { try publisher.sweep() }
        }
        #expect(try publisher.result(at: place) == nil)
        try publisher.sweep()
        #expect(try publisher.result(at: place)?.identity == WorkIdentity("old"))
    }

    /// Some file systems in user space claim to have exchanged two names.
    @Test func anExchangeThatLosesTheOldResultPublishesTheNew() throws {
        let spool = try TemporarySpool()
        let publisher = try Publisher(configuration: spool.configuration)
        let place = try publisher.publish(tif, WorkIdentity("old"))
        let root = spool.root
        try interrupting { change, _ in
            guard change == .rename(.exchange) else { return }
            try FileManager.default.removeItem(atPath: root + "/outbox/album/grandma")
            throw FileError.system(operation: "rename", path: "", code: 0)
        } body: {
            _ = try publisher.publish(tif, WorkIdentity("new"))
        }
        #expect(try publisher.result(at: place)?.identity == WorkIdentity("new"))
    }

    @Test func anUnusedStagingIsRemoved() throws {
        let spool = try TemporarySpool()
        let publisher = try Publisher(configuration: spool.configuration)
        do {
            let staging = try publisher.stage()
            try staging.write(Data("x".utf8), as: "x")
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: spool.configuration.outbox) == [])
    }

    @Test func asksForSpace() throws {
        let spool = try TemporarySpool { $0.reserveBytes = 1 << 20 }
        let publisher = try Publisher(configuration: spool.configuration)
        try publisher.requireSpace(0)
        let error = try #require(throws: FileError.self) { try publisher.requireSpace(1 << 60) }
        #expect(error.isDiskFull)
    }

    @Test func neverWritesThroughASymbolicLink() throws {
        let spool = try TemporarySpool()
        let publisher = try Publisher(configuration: spool.configuration)
        try FileManager.default.createDirectory(atPath: spool.root + "/elsewhere", withIntermediateDirectories: true)
        try FileManager.default.createSymbolicLink(
            atPath: spool.configuration.outbox + "/album", withDestinationPath: spool.root + "/elsewhere")
        #expect(throws: FileError.self) { try publisher.publish(tif, WorkIdentity("tif")) }
        #expect(try FileManager.default.contentsOfDirectory(atPath: spool.root + "/elsewhere") == [])
    }

    @Test func namesOfAnyBytes() throws {
        let spool = try TemporarySpool()
        let publisher = try Publisher(configuration: spool.configuration)
        let odd = [0xFF, 0xFE, 0x0A, 0x20] as [UInt8]
        for source in [odd + ".tif".utf8, Array(repeating: 0x61, count: 251) + ".tif".utf8] {
            let source = RelativePath(bytes: Array("al\nbum/".utf8) + source)!
            let identity = WorkIdentity("\(source)")
            let place = try publisher.publish(source, identity)
            #expect(try publisher.result(at: place)?.source == source)
            #expect(try publisher.find(source: source, identity: identity) == place)
        }
    }
}
