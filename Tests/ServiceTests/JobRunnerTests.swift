import Colorization
import Digest
import Dispatch
import Foundation
import Imaging
import Logging
import Spool
import TestSupport
import Testing

@testable import Files
@testable import Service

/// One file's way through all its steps, with everything real but the daemon around it.
@Suite struct JobRunnerTests {
    private let folder: TemporaryFolder
    private let runner: JobRunner
    private let spool: Spool

    init() throws {
        try Vips.start()
        folder = try TemporaryFolder()
        var configuration = Configuration()
        (configuration.inbox, configuration.outbox) = (folder.path + "/inbox", folder.path + "/outbox")
        (configuration.state, configuration.originals) = (folder.path + "/state", .archive)
        (configuration.threads, configuration.freeMegabytes) = (1, 1)
        configuration.coloring.samples = 1
        configuration.coloring.sheet = false
        configuration.coloring.uncertainty = false
        spool = try Spool(configuration.spool(once: true))
        let decoder = Repository.decoder()
        _ = try decoder.start()
        let model = try LoadedModel.load(Repository.model)
        runner = JobRunner(
            spool: spool, configuration: configuration, model: model, decoder: decoder,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    }

    private func drop(_ name: String) throws -> Candidate {
        let photograph = try Data(contentsOf: URL(fileURLWithPath: Repository.root + "/Samples/camera.jpg"))
        try folder.write(photograph, "inbox/" + name)
        let path = RelativePath(name)!
        return Candidate(path: path, stamp: try spool.inbox.openFile(path).stamp, arrival: Date(), origin: .arrival)
    }

    @Test func aReloadSharesTheMemoryOfWhatIsInHand() throws {
        var next = runner.configuration
        next.memoryMegapixels = 20
        let share = runner.budget.share(5)
        runner.reload(next, model: try LoadedModel.load(Repository.model))
        #expect(runner.now.pipeline.budget === runner.budget)
        withExtendedLifetime(share) {}
    }

    /// A slow archive keeps neither the intake nor the signals waiting.
    @Test func filesAreMovedByAThreadOfTheirOwn() throws {
        let candidate = try drop("a.jpg")
        let identity = WorkIdentity(content: try spool.inbox.openFile(candidate.path).hash(), model: "m", settings: "s")
        _ = try spool.jobs.receive([candidate])
        _ = try spool.jobs.claim(candidate.path)
        _ = try spool.jobs.published(
            candidate.path, stamp: candidate.stamp, as: identity, result: RelativePath("a")!)
        // As after a crash between publishing and archiving, and an archive that does not answer.
        runner.moves.suspend()
        runner.receive([candidate])
        runner.returnUnrecorded()
        #expect(folder.exists("inbox/a.jpg"), "whoever delivers it does not move it")
        runner.moves.resume()
        runner.waitForMoves()
        #expect(!folder.exists("inbox/a.jpg") && folder.exists("state/archive/a.jpg"))
    }

    @Test func whatIsNotMovedBeforeTheEndIsLeftForTheNextStart() throws {
        let candidate = try drop("a.jpg")
        _ = try spool.jobs.receive([candidate])
        _ = try spool.jobs.claim(candidate.path)
        let step = try spool.jobs.failedForGood(candidate.path, stamp: candidate.stamp, reason: "no picture")
        runner.moves.suspend()
        runner.handOver(step)
        runner.pending.close()
        runner.moves.resume()
        runner.waitForMoves()
        #expect(folder.exists("inbox/a.jpg") && folder.list("state/failed") == [])
        let again = try spool.jobs.receive([candidate]).map(\.action)
        #expect(again == [.setAside(reason: "no picture")])
    }

    /// A name is used again, and the photograph under it is replaced once more while it waits for its turn.
    @Test func aPhotographReplacedInHandIsColoredAsItIsNow() throws {
        let first = try drop("a.jpg")
        _ = try spool.jobs.receive([first])
        runner.run(first)
        let second = try drop("a.jpg")
        _ = try spool.jobs.receive([second])
        let rocket = try Data(contentsOf: URL(fileURLWithPath: Repository.root + "/Samples/rocket-sepia.jpg"))
        try folder.write(rocket, "inbox/a.jpg")
        let stamp = try spool.inbox.openFile(first.path).stamp
        let third = Candidate(path: first.path, stamp: stamp, arrival: Date(), origin: .arrival)
        _ = try spool.jobs.receive([third])
        runner.run(second)
        #expect(runner.pending.count == 1)
        #expect(try spool.jobs.receive([third]).map(\.action) == [.enqueue])
        #expect(folder.exists("inbox/a.jpg"), "it is not archived before it is coloured")
        runner.run(third)
        let contents = try folder.list("outbox").filter { !$0.hasPrefix(".") }
            .map { try spool.publisher.result(at: RelativePath($0)!)?.identity.content }
        #expect(
            Set(contents) == [ContentHash(of: rocket), try ContentHash(file: Repository.root + "/Samples/camera.jpg")])
    }

    /// An outbox that was removed is no sign that the photograph was.
    @Test func aPhotographWithoutAnOutboxIsTriedAgain() throws {
        let first = try drop("a.jpg")
        _ = try spool.jobs.receive([first])
        runner.run(first)
        try FileManager.default.removeItem(atPath: folder.path + "/outbox")
        try FileManager.default.createDirectory(atPath: folder.path + "/outbox", withIntermediateDirectories: true)
        let second = try drop("a.jpg")
        _ = try spool.jobs.receive([second])
        runner.run(second)
        let job = try #require(try spool.jobs.job(second.path))
        guard case .waiting = job.state else {
            Issue.record("\(job.state)")
            return
        }
        #expect(folder.exists("inbox/a.jpg") && runner.failures.load(ordering: .relaxed) == 1)
    }

    @Test func noMoveBeginsOnceWorkIsGivenUp() throws {
        let candidate = try drop("a.jpg")
        _ = try spool.jobs.receive([candidate])
        _ = try spool.jobs.claim(candidate.path)
        let step = try spool.jobs.failedForGood(candidate.path, stamp: candidate.stamp, reason: "no picture")
        runner.registry.abandon()
        runner.perform(step)
        #expect(folder.exists("inbox/a.jpg") && folder.list("state/failed") == [])
        #expect(runner.failures.load(ordering: .relaxed) == 1)
    }

    /// The queue has a file as the intake sees it by now; the ledger tells of its last try.
    @Test func whatTheLedgerTellsOfReplacesNothingNewer() throws {
        let old = try drop("a.jpg")
        _ = try spool.jobs.receive([old])
        _ = try spool.jobs.claim(old.path)
        runner.unrecordedEnds.withLock { $0 = [old] }
        let new = Candidate(path: old.path, stamp: .unknown, arrival: Date(), origin: .arrival)
        runner.pending.push(new)
        runner.returnUnrecorded()
        #expect(runner.pending.take() == new)
    }

    /// The result of another photograph, of the same content or the same stem, cannot be read.
    @Test func aResultThatCannotBeReadIsInTheWayOfItsOwnAlone() throws {
        let first = try drop("a.jpg")
        _ = try spool.jobs.receive([first])
        runner.run(first)
        #expect(folder.exists("outbox/a/a.json"))
        for name in ["outbox", "inbox", "state", "state/archive"] { chmod(folder.path + "/" + name, 0o777) }
        for name in ["b.jpg", "a.jpeg"] {
            let other = try drop(name)
            _ = try spool.jobs.receive([other])
            try folder.withUnreadable("outbox/a/a.json") { runner.run(other) }
            let job = try #require(try spool.jobs.job(other.path))
            #expect(job.state == .published, "\(name): \(job.state)")
        }
        #expect(runner.failures.load(ordering: .relaxed) == 0)
        let results = folder.list("outbox").filter { !$0.hasPrefix(".") }
        #expect(results.count >= 2 && results.contains("b"))
    }
}
