import Foundation
import GRDB
import TestSupport
import Testing

@testable import Files
@testable import Spool

@Suite struct SQLiteJobStoreTests {
    private let a = RelativePath("a.tif")!

    /// A ledger of version 0.1: what is done stays done, what is to be done is done, and changes count from now on.
    @Test func anOlderLedgerGoesOn() throws {
        let spool = try TemporarySpool()
        let state = spool.configuration.state
        let stamp = try spool.drop("a.tif")
        let hash = Data(WorkIdentity("content").content.bytes)
        do {
            let queue = try DatabaseQueue(path: state + "/" + SQLiteJobStore.fileName)
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
        let reader = try SQLiteJobStore(reading: state)
        #expect(try reader.failures().map(\.path) == [RelativePath("c.tif")!])
        #expect(try reader.job(a)?.sidecars == nil)

        let ledger = try SQLiteJobStore(state: state)
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

    @Test(arguments: ["not a database at all, but long enough to be taken for one", ""])
    func aBrokenLedgerIsRebuiltFromTheFiles(_ content: String) throws {
        let spool = try TemporarySpool()
        let publisher = try Publisher(configuration: spool.configuration)
        let odd = RelativePath(bytes: Array("album/".utf8) + [0xFF, 0x0A, 0x20] + Array(".tif".utf8))!
        try publisher.publish(a, WorkIdentity("content"))
        try publisher.publish(odd, WorkIdentity("odd"))
        try spool.write("no metadata", to: spool.configuration.outbox, RelativePath("album/stray/01.jpg")!)
        try Data(content.utf8).write(to: URL(fileURLWithPath: spool.configuration.state + "/ledger.sqlite"))

        let ledger = try SQLiteJobStore(state: spool.configuration.state)
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

    @Test func aPageDamagedInTheMiddleIsNoticed() throws {
        let spool = try TemporarySpool()
        do {
            let ledger = try SQLiteJobStore(state: spool.configuration.state)
            _ = try ledger.receive(try (0..<300).map { try spool.candidate("file-\($0)") })
        }
        let path = spool.configuration.state + "/ledger.sqlite"
        // What lies in the log would mend the pages.
        try FileManager.default.removeItem(atPath: path + "-wal")
        let size = try #require(try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int)
        let file = try FileHandle(forUpdating: URL(fileURLWithPath: path))
        for offset in stride(from: 4096, to: size - 4096, by: 4096) {
            try file.seek(toOffset: UInt64(offset))
            try file.write(contentsOf: Data(repeating: 0xAA, count: 512))
        }
        try file.close()
        let ledger = try SQLiteJobStore(state: spool.configuration.state)
        #expect(ledger.brokenCopy != nil)
        #expect(try ledger.counts() == JobCounts())
    }

    /// An archive's ledger is long, and what is left alone of it is short.
    @Test func whatIsLeftAloneIsFoundByIndexes() throws {
        let spool = try TemporarySpool()
        defer { withExtendedLifetime(spool) {} }
        let store = try SQLiteJobStore(state: spool.configuration.state)
        let steps = try store.read { table in
            let database = try #require(table as? SQLiteJobTable).database
            return try Row.fetchAll(database, sql: "EXPLAIN QUERY PLAN " + SQLiteJobTable.leftAlone, arguments: [10])
                .map { $0["detail"] as String }
        }
        #expect(steps.contains { $0.contains("COVERING INDEX job_result") }, "\(steps)")
        #expect(steps.contains { $0.contains("INDEX job_ended_badly") }, "\(steps)")
        #expect(!steps.contains { $0.hasPrefix("SCAN job") && !$0.contains("USING") }, "\(steps)")
    }

    @Test func anotherProcessMayLook() throws {
        let spool = try TemporarySpool()
        #expect(throws: FileError.missing(path: spool.configuration.state + "/ledger.sqlite")) {
            try SQLiteJobStore(reading: spool.configuration.state)
        }
        do {
            let ledger = try SQLiteJobStore(state: spool.configuration.state)
            _ = try ledger.receive([try spool.candidate("a.tif")])
            #expect(try SQLiteJobStore(reading: spool.configuration.state).counts().received == 1)
        }
        let reader = try SQLiteJobStore(reading: spool.configuration.state)
        #expect(try reader.counts().received == 1)
        #expect(throws: SpoolError.self) { try reader.withdraw([a]) }
    }
}
