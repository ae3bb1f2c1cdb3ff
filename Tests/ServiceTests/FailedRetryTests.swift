import Foundation
import Spool
import TestSupport
import Testing

@testable import Files
@testable import Service

@Suite struct FailedRetryTests {
    private let folder: TemporaryFolder
    private var configuration = Configuration()

    init() throws {
        folder = try TemporaryFolder()
        configuration.inbox = folder.path + "/inbox"
        configuration.outbox = folder.path + "/outbox"
        configuration.state = folder.path + "/state"
    }

    /// Has a file of the inbox set aside as one that failed.
    private func fail(_ name: String) throws -> RelativePath {
        let spool = try configuration.spool(once: false).prepare()
        let path = RelativePath(name)!
        try folder.write("no photograph", "inbox/" + name)
        let stamp = try Folder(spool.inbox).openFile(path).stamp
        _ = try FailedStore(configuration: spool).store(
            .init(path: path, reason: "broken", time: Date(), attempts: 1, sha256: nil), stamp: stamp)
        #expect(!folder.exists("inbox/" + name))
        return path
    }

    @Test func aPhotographIsNamedThroughALink() throws {
        var configuration = configuration
        let path = try fail("album/bad.jpg")
        try FileManager.default.createSymbolicLink(
            atPath: folder.file("link"), withDestinationPath: configuration.inbox)
        configuration.inbox = folder.file("link")
        let retry = try FailedRetry([folder.file("link/album/bad.jpg")], configuration: configuration)
        #expect(retry.problems == [] && retry.retried == [path])
        #expect(folder.exists("inbox/album/bad.jpg"))
    }

    /// They have not left the inbox, and a try may be an hour away.
    @Test func thoseThatWaitForALaterTryAreCounted() throws {
        let failed = try fail("bad.jpg")
        let spool = try configuration.spool(once: false).prepare()
        let ledger = try SQLiteJobStore(state: spool.state)
        let paths = ["waits.jpg", "gone.jpg"].map { RelativePath($0)! }
        for path in paths {
            try folder.write("photograph", "inbox/\(path)")
            let stamp = try Folder(spool.inbox).openFile(path).stamp
            _ = try ledger.receive([Candidate(path: path, stamp: stamp, arrival: Date(), origin: .arrival)])
            _ = try ledger.claim(path)
            _ = try ledger.failedForNow(path, reason: "the archive is away")
        }
        try FileManager.default.removeItem(atPath: folder.file("inbox/gone.jpg"))
        let retry = try FailedRetry([], configuration: configuration)
        #expect(retry.problems == [] && retry.retried == [failed, paths[0]])
        #expect(try ledger.due().map(\.path).contains(paths[0]))
    }

    /// As `status` writes it, and as a shell completes it.
    @Test(arguments: [#"a\\b.jpg"#, #"a\b.jpg"#]) func aNameWithABackslash(argument: String) throws {
        let path = try fail(#"a\b.jpg"#)
        let retry = try FailedRetry([argument], configuration: configuration)
        #expect(retry.problems == [] && retry.retried == [path])
    }

    @Test func aPhotographThatIsNamedTwiceIsPutBackOnce() throws {
        let path = try fail("bad.jpg")
        let retry = try FailedRetry(
            [folder.file("state/failed/bad.jpg"), "bad.jpg"], configuration: configuration)
        #expect(retry.problems == [] && retry.retried == [path])
        #expect(folder.exists("inbox/bad.jpg"))
    }

    /// A daemon that has it open would go on writing to what was set aside.
    @Test func aBrokenLedgerIsLeftToTheDaemon() throws {
        _ = try fail("bad.jpg")
        let spool = try configuration.spool(once: false).prepare()
        let broken = Data(String(repeating: "no ledger ", count: 1000).utf8)
        try folder.write(broken, "state/ledger.sqlite")
        do {
            let lock = try InstanceLock(configuration: spool)
            defer { withExtendedLifetime(lock) {} }
            #expect(throws: SpoolError.self) { try FailedRetry([], configuration: configuration) }
        }
        #expect(folder.read("state/ledger.sqlite") == broken)
        #expect(!folder.list("state").contains { $0.contains("broken") })
        #expect(folder.exists("state/failed/bad.jpg"))
    }
}
