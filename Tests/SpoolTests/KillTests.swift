import Foundation
import TestSupport
import Testing

@testable import Files
@testable import Spool

/// The way of a file from inbox to result, as a daemon goes it, with text files for photographs.
private final class Worker {
    let configuration: SpoolConfiguration
    let log: Descriptor

    init(root: String) throws {
        var wanted = SpoolConfiguration(inbox: root + "/inbox", outbox: root + "/outbox", state: root + "/state")
        wanted.quietSeconds = 0
        configuration = try wanted.prepare()
        log = Descriptor(owning: open(root + "/log", O_WRONLY | O_CREAT | O_APPEND, 0o644))
    }

    func run() throws {
        var policy = RetryPolicy()
        policy.deaths = 1000
        let spool = try Spool(configuration, policy: policy)
        defer { withExtendedLifetime(spool) {} }
        let (inbox, ledger, publisher) = (spool.inbox, spool.jobs, spool.publisher)
        let listener = Listener()
        _ = try spool.intake.scanOnce { listener.deliver($0) }
        for step in try ledger.receive(listener.candidates) where step.action == .enqueue {
            guard let job = try ledger.claim(step.job.path) else { continue }
            let content = try inbox.openFile(job.path, expecting: job.stamp).hash()
            let identity = WorkIdentity(content: content, model: "model", settings: "settings")
            let result: RelativePath
            if case .published(let known) = try ledger.identify(job.path, as: identity) {
                result = known
            } else if let known = try publisher.find(source: job.path, identity: identity) {
                result = known
            } else {
                result = try publisher.publish(job.path, identity, previous: job.result)
                try log.write(Data("\(job.path)\n".utf8), "log")
            }
            _ = try ledger.published(job.path, stamp: job.stamp, as: identity, result: result)
        }
    }
}

@Suite struct KillTests {
    /// Kills a process at one instant after another; each next one takes up where the last was killed.
    @Test func nothingIsLostNorHalfDoneNorDoneTwice() async throws {
        let spool = try TemporarySpool()
        let names = (0..<60).map { "album-\($0 % 4)/\($0).tif" }
        for name in names { try spool.drop(name, name) }
        var generator = SeededGenerator(5)
        for _ in 0..<8 {
            let instant = UInt32.random(in: 10_000...150_000, using: &generator)
            let root = spool.root
            await #expect(processExitsWith: .signal(SIGKILL)) { [root = root as String, instant = instant as UInt32] in
                let worker = try Worker(root: root)
                Thread {
                    usleep(instant)
                    kill(getpid(), SIGKILL)
                }
                .start()
                try worker.run()
                while true { pause() }
            }
            // Whatever has a name that is not hidden is whole.
            let publisher = try Publisher(configuration: spool.configuration)
            for name in names {
                let place = RelativePath(String(name.dropLast(4)))!
                guard try publisher.outbox.status(place) != nil else { continue }
                #expect(try publisher.result(at: place)?.identity.content == WorkIdentity(name).content)
                #expect(spool.exists("outbox/\(place)/01.jpg"))
            }
        }
        try Worker(root: spool.root).run()
        let publisher = try Publisher(configuration: spool.configuration)
        var results: [String] = []
        try publisher.forEachResult(unreadable: { Issue.record($0) }, { results.append($0.source.description) })
        #expect(results.sorted() == names.sorted())
        let done = try #require(spool.read("log")).split(separator: "\n")
        #expect(Set(done).count == done.count, "\(done)")
        let ledger = try SQLiteJobStore(reading: spool.configuration.state)
        #expect(try ledger.counts().published == 60)
        #expect(try ledger.counts().pending == 0)
        #expect(
            try !FileManager.default.contentsOfDirectory(atPath: spool.configuration.outbox).contains {
                $0.hasPrefix(".")
            })
    }
}
