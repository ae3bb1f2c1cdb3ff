import CInotifyTools
import Foundation
import Testing

@testable import Files
@testable import Spool

/// One after another, since libinotifytools serves one watch in a process.
@Suite(.serialized) struct IntakeTests {
    /// Runs an intake until the body is done.
    private func withIntake(
        _ spool: TemporarySpool, _ body: (Intake, Listener) async throws -> Void
    ) async throws {
        let listener = Listener()
        let intake = listener.intake(spool.configuration)
        intake.start { listener.deliver($0) }
        defer { intake.stop() }
        #expect(await eventually { intake.mode != .starting })
        try await body(intake, listener)
    }

    /// Waits until a marker that is dropped now has been delivered, and with it all that was ready before.
    private func settle(_ spool: TemporarySpool, _ listener: Listener, _ marker: String) async throws {
        try spool.drop("markers/\(marker)")
        #expect(await eventually { listener.paths.contains("markers/\(marker)") })
    }

    @Test func aStopBeforeTheFirstRunHolds() throws {
        let spool = try TemporarySpool()
        let intake = Listener().intake(spool.configuration)
        intake.requestStop()
        intake.start { _ in }
        intake.waitUntilWatching()
        #expect(intake.mode == .stopped)
        intake.stop()
    }

    @Test func aSidecarMadeByALinkIsSeen() async throws {
        let spool = try TemporarySpool { $0.rescanSeconds = 3600 }
        try spool.drop("a.tif")
        try spool.write("samples: 2", to: spool.root, RelativePath("settings")!)
        try await withIntake(spool) { _, listener in
            #expect(await eventually { listener.candidates.count == 1 })
            #expect(link(spool.root + "/settings", spool.configuration.inbox + "/a.tif.autochrome.yaml") == 0)
            #expect(await eventually { listener.candidates.count == 2 })
            #expect(listener.candidates.last?.sidecars != SidecarStamp.none)
        }
    }

    @Test func deliversBacklogAndArrivals() async throws {
        let spool = try TemporarySpool()
        try spool.drop("album/old.tif")
        try await withIntake(spool) { intake, listener in
            #expect(intake.mode == .events)
            try spool.drop("new.tif")
            try spool.drop("fresh/deep/new.tif")
            try spool.drop(RelativePath(bytes: [0xFF, 0x0A, 0x20, 0xFE])!)
            try spool.drop(String(repeating: "ä", count: 120) + ".tif")
            #expect(await eventually { listener.candidates.count == 5 })
            let byPath = Dictionary(uniqueKeysWithValues: listener.candidates.map { ($0.path, $0.origin) })
            #expect(byPath[RelativePath("album/old.tif")!] == .backlog)
            #expect(byPath[RelativePath("new.tif")!] == .arrival)
            #expect(byPath[RelativePath(bytes: [0xFF, 0x0A, 0x20, 0xFE])!] == .arrival)

            // A rescan delivers nothing twice, new content does.
            intake.rescan()
            try spool.drop("new.tif", "other content")
            #expect(await eventually { listener.candidates.count == 6 })
            #expect(listener.candidates.last?.path == RelativePath("new.tif"))
            #expect(listener.warnings.isEmpty)
        }
    }

    @Test(arguments: [WatchPolicy.automatic, .polling])
    func aSlowWriterIsWaitedFor(_ policy: WatchPolicy) async throws {
        let spool = try TemporarySpool {
            $0.watching = policy
            $0.pollSeconds = 0.1
            $0.quietSeconds = policy == .polling ? 2 : 0.1
        }
        try await withIntake(spool) { intake, listener in
            let raw = open(spool.configuration.inbox + "/slow.tif", O_WRONLY | O_CREAT, 0o600)
            let file = FileHandle(fileDescriptor: raw, closeOnDealloc: true)
            // With events the pauses may be longer than the quiet time, since the file is not closed.
            for _ in 0..<5 {
                try file.write(contentsOf: Data(repeating: 1, count: 1000))
                // Not a task's sleep, which may take long to go on beside tests that hold its threads.
                usleep(300_000)
            }
            #expect(listener.candidates.isEmpty)
            try file.close()
            #expect(await eventually { !listener.candidates.isEmpty })
            #expect(listener.candidates.map(\.stamp.size) == [5000])
        }
    }

    @Test func aFileRenamedIntoTheInboxNeedNotRest() async throws {
        let spool = try TemporarySpool { $0.quietSeconds = 3600 }
        try await withIntake(spool) { _, listener in
            try spool.drop("a.tif.part")
            try spool.drop("resting.tif")
            #expect(rename(spool.root + "/inbox/a.tif.part", spool.root + "/inbox/a.tif") == 0)
            #expect(await eventually { listener.paths == ["a.tif"] })
        }
    }

    @Test func followsFoldersThatMove() async throws {
        let spool = try TemporarySpool()
        try await withIntake(spool) { _, listener in
            try spool.drop("one/deep/a.tif")
            #expect(await eventually { listener.paths == ["one/deep/a.tif"] })
            #expect(rename(spool.root + "/inbox/one", spool.root + "/inbox/two") == 0)
            #expect(await eventually { listener.paths.contains("two/deep/a.tif") })
            // The moved folder is watched at its new place, and a new one at the old.
            try spool.drop("two/deep/b.tif")
            try spool.drop("one/deep/c.tif")
            #expect(await eventually { Set(listener.paths).isSuperset(of: ["two/deep/b.tif", "one/deep/c.tif"]) })

            // Out of the inbox and in again.
            #expect(rename(spool.root + "/inbox/two", spool.root + "/outside") == 0)
            try spool.write("content", to: spool.root, RelativePath("outside/deep/d.tif")!)
            try await settle(spool, listener, "1")
            #expect(!listener.paths.contains { $0.hasSuffix("d.tif") })
            #expect(rename(spool.root + "/outside", spool.root + "/inbox/three") == 0)
            #expect(await eventually { listener.paths.contains("three/deep/d.tif") })

            // A folder that is deleted and made again.
            for round in 0..<3 {
                try FileManager.default.removeItem(atPath: spool.root + "/inbox/one")
                try spool.drop("one/\(round).tif")
                #expect(await eventually { listener.paths.contains("one/\(round).tif") })
            }
            #expect(listener.warnings.isEmpty)
        }
    }

    @Test func passesOverWhatIsNoPhotograph() async throws {
        let spool = try TemporarySpool { $0.excludes = ["private"] }
        let inbox = spool.configuration.inbox
        for name in [".hidden.jpg", "a.part", "@eaDir/a.jpg", "private/a.jpg", "a.tif.autochrome.yaml"] {
            try spool.drop(name)
        }
        #expect(mkfifo(inbox + "/fifo.jpg", 0o600) == 0)
        #expect(symlink("/etc/passwd", inbox + "/link.jpg") == 0)
        #expect(symlink("/etc", inbox + "/folder") == 0)
        try await withIntake(spool) { intake, listener in
            #expect(symlink("/etc/passwd", inbox + "/late.jpg") == 0)
            try spool.drop("private/late.jpg")
            try await settle(spool, listener, "1")
            intake.rescan()
            try await settle(spool, listener, "2")
            #expect(listener.paths == ["markers/1", "markers/2"])
            let refused = listener.refusals.map { "\($0.path): \($0.reason.rawValue)" }.sorted()
            #expect(
                refused == [
                    "fifo.jpg: a FIFO", "folder: a symbolic link", "late.jpg: a symbolic link",
                    "link.jpg: a symbolic link",
                ])
        }
    }

    @Test(arguments: [WatchPolicy.automatic, .polling])
    func aChangedSidecarDeliversItsFilesAgain(_ policy: WatchPolicy) async throws {
        let spool = try TemporarySpool {
            $0.watching = policy
            $0.pollSeconds = 0.1
        }
        for name in ["album/a.tif", "album/deep/b.tif", "c.tif"] { try spool.drop(name) }
        try await withIntake(spool) { intake, listener in
            #expect(await eventually { listener.candidates.count == 3 })
            #expect(listener.candidates.allSatisfy { $0.sidecars == .none })
            try spool.drop("album/a.tif.autochrome.yaml", "samples: 3")
            #expect(await eventually { listener.candidates.count == 4 })
            #expect(listener.paths.last == "album/a.tif")
            let own = try #require(listener.candidates.last?.sidecars)
            #expect(own != .none)

            try spool.drop("album/.autochrome.yaml", "samples: 2")
            #expect(await eventually { listener.candidates.count == 6 })
            #expect(Set(listener.paths.suffix(2)) == ["album/a.tif", "album/deep/b.tif"])
            #expect(unlink(spool.configuration.inbox + "/album/.autochrome.yaml") == 0)
            #expect(await eventually { listener.candidates.count == 8 })
            let last = listener.candidates.suffix(2).sorted { $0.path < $1.path }
            #expect(last.map(\.sidecars) == [own, .none], "as before the folder's came")

            try await settle(spool, listener, "1")
            intake.rescan()
            try await settle(spool, listener, "2")
            #expect(listener.candidates.count == 10, "\(listener.paths)")
        }
    }

    @Test func aTruncatedFileComesAgain() async throws {
        let spool = try TemporarySpool { $0.truncatedSeconds = 0.5 }
        try await withIntake(spool) { intake, listener in
            try spool.drop("a.tif", "half")
            #expect(await eventually { listener.candidates.count == 1 })
            #expect(intake.notReady(listener.candidates[0]))
            #expect(await eventually { listener.candidates.count == 2 })
            #expect(listener.candidates[1].isLastChance)
            #expect(!intake.notReady(listener.candidates[1]))

            try spool.drop("a.tif", "whole now")
            #expect(await eventually { listener.candidates.count == 3 })
            #expect(!listener.candidates[2].isLastChance)
        }
    }

    @Test func lostEventsAreMadeUpForByAScan() async throws {
        let spool = try TemporarySpool()
        let listener = Listener()
        let channel = try IntakeChannel()
        let loop = IntakeLoop(
            configuration: spool.configuration, channel: channel, onWarning: { listener.warn($0) },
            onRefusal: { listener.refuse($0) })
        loop.openTable()
        loop.scanAll()
        #expect(loop.table?.count == 1)
        // The events of these are never read: the table is thrown away and made anew.
        try spool.drop("album/a.tif")
        loop.handle(WatchTable.Event(mask: UInt32(IN_Q_OVERFLOW), folder: nil, name: []))
        loop.handle(WatchTable.Event(mask: UInt32(IN_Q_OVERFLOW), folder: nil, name: []))
        #expect(listener.warnings.map(\.kind) == [.overflow])
        #expect(loop.nextScan <= .now)
        loop.scanAll()
        #expect(loop.table?.count == 2)
        #expect(loop.stability.contains(RelativePath("album/a.tif")!))
        #expect(channel.mode == .events)
    }

    /// The library's buffer outlives its descriptor, and the numbers of watches are the same each time.
    @Test func aNewTableHasNoEventsOfAnOldOne() throws {
        let spool = try TemporarySpool()
        for _ in 0..<3 {
            var table = try WatchTable(root: spool.configuration.inbox)
            for _ in 0..<2 {
                let refusal = table.add(.root)
                let first = table.next()
                // It makes several events, of which all but one are left unread.
                try spool.drop("a.tif")
                let second = table.next()
                #expect(refusal == nil && first == nil)
                #expect(second?.folder == .root && second?.name == Array("a.tif".utf8))
                try table.renew()
            }
        }
    }

    /// A folder that is deleted and made again has a watch of its own each time, and its old one is forgotten.
    @Test func deletedFoldersAreForgotten() throws {
        let spool = try TemporarySpool()
        let path = RelativePath("album")!
        var table = try WatchTable(root: spool.configuration.inbox)
        _ = table.add(.root)
        for round in 0..<100 {
            try spool.drop("album/a.tif")
            let refusal = table.add(path)
            try spool.drop("album/b.tif")
            try FileManager.default.removeItem(atPath: spool.configuration.inbox + "/album")
            var names: [[UInt8]] = []
            while let event = table.next() {
                if event.folder == path { names.append(event.name) }
            }
            let count = table.count
            #expect(refusal == nil && names.contains(Array("b.tif".utf8)), "round \(round)")
            #expect(count == 1)
        }
    }

    @Test func aSecondWatchPolls() async throws {
        let first = try TemporarySpool()
        let second = try TemporarySpool { $0.pollSeconds = 0.1 }
        try await withIntake(first) { _, _ in
            try await withIntake(second) { intake, listener in
                #expect(intake.mode == .polling(reason: "another watch runs in this process"))
                try second.drop("a.tif")
                #expect(await eventually { listener.paths == ["a.tif"] })
                #expect(listener.warnings.map(\.kind) == [.noEvents])
            }
        }
    }

    @Test func anInboxThatComesBackIsTakenUp() async throws {
        let spool = try TemporarySpool { $0.pollSeconds = 0.1 }
        try await withIntake(spool) { intake, listener in
            #expect(rename(spool.root + "/inbox", spool.root + "/away") == 0)
            #expect(await eventually { intake.mode == .polling(reason: "the inbox is missing") })
            #expect(mkdir(spool.root + "/inbox", 0o777) == 0)
            #expect(await eventually { intake.mode == .events })
            try spool.drop("a.tif")
            #expect(await eventually { listener.paths == ["a.tif"] })
            #expect(listener.warnings.map(\.kind) == [.inboxMissing])
        }
    }

    @Test func startsAgain() async throws {
        let spool = try TemporarySpool()
        let listener = Listener()
        let intake = listener.intake(spool.configuration)
        for round in 1...3 {
            intake.start { listener.deliver($0) }
            try spool.drop("album/\(round).tif")
            #expect(await eventually { listener.candidates.count == round })
            intake.stop()
            #expect(intake.mode == .stopped)
        }
        #expect(Set(listener.paths) == ["album/1.tif", "album/2.tif", "album/3.tif"])
    }

    @Test func oneScanDeliversAllThatIsThere() throws {
        let spool = try TemporarySpool { $0.truncatedSeconds = 0.3 }
        for index in 0..<600 { try spool.drop("album-\(index % 7)/\(index).tif") }
        let listener = Listener()
        let intake = listener.intake(spool.configuration)
        #expect(try intake.scanOnce { listener.deliver($0) })
        #expect(Set(listener.paths).count == 600)
        #expect(listener.candidates.count == 600)

        try spool.drop("late.tif")
        #expect(intake.notReady(listener.candidates[0]))
        #expect(try intake.scanOnce { listener.deliver($0) })
        #expect(listener.candidates.count == 602)
        #expect(Set(listener.paths.suffix(2)) == ["late.tif", listener.paths[0]])
    }
}
