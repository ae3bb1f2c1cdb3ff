import Digest
import Foundation
import TestSupport
import Testing

@testable import Files
@testable import Spool

/// The journal of the job store, over every driver.
@Suite struct EventTests {
    private let a = RelativePath("a.tif")!

    private func policy(attempts: Int) -> RetryPolicy {
        var policy = RetryPolicy()
        policy.attempts = attempts
        return policy
    }

    private func events(_ store: any JobStore, after cursor: EventCursor = .beginning) throws -> [Event] {
        try store.events(after: cursor).map(\.event)
    }

    private func kinds(_ store: any JobStore, after cursor: EventCursor = .beginning) throws -> [Event.Kind] {
        try events(store, after: cursor).map(\.kind)
    }

    @Test(arguments: JobStoreDriver.allCases) func theWayOfAFileIsTold(_ driver: JobStoreDriver) throws {
        let spool = try TemporarySpool()
        let store = try driver.open(spool, policy: policy(attempts: 2))
        let candidate = try spool.candidate("a.tif")
        let identity = WorkIdentity("content")
        _ = try store.receive([candidate, candidate])
        _ = try store.claim(a)
        _ = try store.failedForNow(a, reason: "no answer")
        _ = try store.claim(a)
        _ = try store.identify(a, as: identity)
        _ = try store.published(a, stamp: candidate.stamp, as: identity, result: RelativePath("a")!)
        _ = try store.receive([candidate])
        _ = try store.retry([a])
        _ = try store.claim(a)
        _ = try store.skipped(a, stamp: candidate.stamp, reason: "coloured")
        let told = try events(store)
        #expect(told.map(\.kind) == [.received, .postponed, .published, .retried, .skipped])
        #expect(told.allSatisfy { $0.path == a })
        #expect(told.map(\.result) == [nil, nil, RelativePath("a")!, nil, nil])
        #expect(told.map(\.reason) == [nil, "no answer", nil, "asked for again", "coloured"])
        #expect(told[1].attempts == 1 && told[1].nextTry != nil)
        #expect(told[2].content == identity.content)
    }

    @Test(arguments: JobStoreDriver.allCases) func whatEndsBadlyIsTold(_ driver: JobStoreDriver) throws {
        let spool = try TemporarySpool()
        let policy = policy(attempts: 1)
        var store = try driver.open(spool, policy: policy)
        let publisher = try Publisher(configuration: spool.configuration)
        let inbox = try Folder(spool.configuration.inbox)
        let files = try ["a.tif", "b.tif", "c.tif", "d.tif"].map { try spool.candidate($0) }
        _ = try store.receive(files)
        for file in files.dropLast() { _ = try store.claim(file.path) }
        _ = try store.failedForNow(files[0].path, reason: "again and again")
        _ = try store.failedForGood(files[1].path, stamp: files[1].stamp, reason: "no picture")
        try store.withdraw([files[3].path])
        for _ in 0..<2 {
            _ = try store.claim(files[2].path)
            store = try driver.kill(store, spool)
            _ = try store.recover(publisher: publisher, inbox: inbox)
        }
        let told = try events(store).dropFirst(4)
        #expect(told.map(\.kind) == [.failed, .failed, .withdrawn, .quarantined])
        #expect(told.map { "\($0.path!)" } == ["a.tif", "b.tif", "d.tif", "c.tif"])
        #expect(told.map(\.attempts) == [1, 1, nil, 2])
        #expect(told.first?.reason == "gave up after 1 tries: again and again")
    }

    @Test(arguments: JobStoreDriver.allCases) func aChangeThatIsTakenBackTellsNothing(_ driver: JobStoreDriver) throws {
        struct Refused: Error {}
        let spool = try TemporarySpool()
        let store = try driver.open(spool)
        try store.announce(Event(.chosen, at: Date(), path: a))
        #expect(throws: Refused.self) {
            try store.write { table in
                try table.append(Event(.received, at: Date(), path: a))
                try table.dropEvents(through: 1)
                throw Refused()
            }
        }
        #expect(try kinds(store) == [.chosen])
        try store.announce(Event(.chosen, at: Date(), path: a))
        #expect(try store.events(after: .beginning).map(\.cursor.sequence) == [1, 2])
    }

    @Test(arguments: JobStoreDriver.allCases) func aKilledProcessLeavesTheJournalWhole(_ driver: JobStoreDriver) throws
    {
        let spool = try TemporarySpool()
        var store = try driver.open(spool)
        var seen = EventCursor.beginning
        for round in 1...5 {
            _ = try store.receive([try spool.candidate("\(round).tif")])
            store = try driver.kill(store, spool)
            let entries = try store.events(after: seen)
            #expect(entries.map { "\($0.event.path!)" } == ["\(round).tif"])
            seen = try #require(entries.last).cursor
        }
        #expect(seen.sequence == 5)
    }

    @Test(arguments: JobStoreDriver.allCases) func pagesFollowEachOther(_ driver: JobStoreDriver) throws {
        let spool = try TemporarySpool()
        let store = try driver.open(spool)
        for number in 0..<25 { try store.announce(Event(.chosen, at: Date(), path: RelativePath("\(number)")!)) }
        var cursor = EventCursor.beginning
        var seen: [Int64] = []
        while let page = try Optional(store.events(after: cursor, limit: 10)), let last = page.last {
            seen += page.map(\.cursor.sequence)
            cursor = last.cursor
        }
        #expect(seen == Array(1...25))
        #expect(EventCursor("\(cursor)") == cursor)
        #expect(EventCursor("-1") == nil && EventCursor("x y-1") == nil && EventCursor("ab") == nil)
    }

    /// The oldest events go, but for those that a reader still has to see, and a reader that comes too late is told.
    @Test(arguments: JobStoreDriver.allCases) func oldEventsAreDropped(_ driver: JobStoreDriver) throws {
        let spool = try TemporarySpool()
        let store = try driver.open(spool)
        for number in 1...30 { try store.announce(Event(.chosen, at: Date(), path: RelativePath("\(number)")!)) }
        let extent = try #require(try store.eventExtent())
        let slow = EventCursor(journal: extent.journal, sequence: 4)
        try store.dropEvents(keeping: 10, atMost: 30, for: [extent.end, slow])
        #expect(try store.eventExtent()?.first == 5)
        #expect(try store.events(after: slow).first?.cursor.sequence == 5)

        try store.dropEvents(keeping: 10, atMost: 25, for: [slow])
        #expect(try store.eventExtent()?.first == 6)
        let late = try store.events(after: slow)
        #expect(late.map(\.event.kind) == [.gap] + Array(repeating: .chosen, count: 25))
        #expect(late[0].event.reason?.contains("1 events") == true)
        // Having seen the gap, it goes on behind it.
        #expect(try store.events(after: late[0].cursor).map(\.event.kind) == Array(repeating: .chosen, count: 25))

        try store.dropEvents(keeping: 1, atMost: 1, for: [])
        try store.announce(Event(.chosen, at: Date(), path: a))
        #expect(try store.eventExtent()?.last == 31)
        // A reader that has seen nothing misses nothing.
        #expect(try kinds(store) == [.chosen, .chosen])
    }

    @Test func aReaderOfAnotherJournalIsToldSo() throws {
        let store = try MemoryJobStore()
        try store.announce(Event(.chosen, at: Date(), path: a))
        #expect(try kinds(store, after: EventCursor(journal: "abc", sequence: 7)) == [.gap, .chosen])
        let extent = try #require(try store.eventExtent())
        // A ledger that came out of a backup knows less than its reader.
        #expect(try kinds(store, after: EventCursor(journal: extent.journal, sequence: 9)) == [.gap, .chosen])
    }

    @Test func aLedgerThatWasLostTellsItsResultsAgain() async throws {
        let spool = try TemporarySpool()
        let state = spool.configuration.state
        let publisher = try Publisher(configuration: spool.configuration)
        let odd = RelativePath(bytes: Array("album/".utf8) + [0xFF, 0x0A] + Array(".tif".utf8))!
        try publisher.publish(odd, WorkIdentity("content"))
        let journal = EventJournal(state: state)
        #expect(try journal.events(after: .beginning).isEmpty, "there is no ledger yet")
        #expect(try journal.end() == nil)
        let first = try SQLiteJobStore(state: state)
        try first.announce(Event(.chosen, at: Date(), path: odd))
        let cursor = try #require(try journal.events(after: .beginning).last).cursor

        try FileManager.default.moveItem(atPath: state, toPath: state + "-lost")
        try FileManager.default.createDirectory(atPath: state, withIntermediateDirectories: true)
        let second = try SQLiteJobStore(state: state)
        try second.rebuild(from: publisher) { Issue.record($0) }
        var feed = journal.follow(after: cursor).makeAsyncIterator()
        let entries = try #require(try await feed.next())
        #expect(entries.map(\.event.kind) == [.gap, .published])
        #expect(entries[1].event.path == odd && entries[1].event.isRecovered == true)
        let line = try #require(
            try JSONSerialization.jsonObject(with: entries[1].line) as? [String: Any])
        #expect(line["path"] as? String == "album/\\xFF\\x0A.tif")
        #expect(line["event"] as? String == "published" && line["recovered"] as? Bool == true)
        #expect(line["cursor"] as? String == entries[1].cursor.description)
        // What comes is told to whoever waits.
        async let next = feed.next()
        try second.announce(Event(.chosen, at: Date(), path: a))
        #expect(try await next?.map(\.event.path) == [a])
    }

    /// The daemon writes, and so do commands and the desk.
    @Test func severalWritersDisturbNobody() throws {
        let spool = try TemporarySpool()
        let stores = try (0..<4).map { _ in try SQLiteJobStore(state: spool.configuration.state) }
        DispatchQueue.concurrentPerform(iterations: 4) { writer in
            for number in 0..<25 {
                do {
                    try stores[writer].announce(
                        Event(.chosen, at: Date(), path: RelativePath("\(writer)/\(number)")!))
                } catch {
                    Issue.record(error)
                }
            }
        }
        let entries = try stores[0].events(after: .beginning)
        #expect(entries.map(\.cursor.sequence) == Array(1...100))
        for writer in 0..<4 {
            let own = entries.compactMap(\.event.path).filter { $0.parent == RelativePath("\(writer)") }
            #expect(own == (0..<25).map { RelativePath("\(writer)/\($0)")! })
        }
    }

    @Test func oneReaderKeepsAPlace() throws {
        let spool = try TemporarySpool()
        let state = spool.configuration.state
        let cursor = EventCursor(journal: "ab12", sequence: 3)
        do {
            let place = try CursorFile(name: "share", state: state)
            #expect(try place.read() == nil)
            try place.write(cursor)
            #expect(throws: SpoolError.self) { try CursorFile(name: "share", state: state) }
        }
        let place = try CursorFile(name: "share", state: state)
        #expect(try place.read() == cursor)
        #expect(CursorFile.all(state: state) == [cursor])
        try spool.folder.write("not a place", "state/cursors/share")
        #expect(throws: FileError.self) { try place.read() }
        #expect(CursorFile.all(state: state).isEmpty)
        for name in ["", "..", "a/b", ".hidden"] {
            #expect(throws: SpoolError.self) { try CursorFile(name: name, state: state) }
        }
    }
}
