import Foundation
import Spool
import TestSupport
import Testing

@testable import Service

@Suite struct QueueReportTests {
    private let folder: TemporaryFolder
    private let configuration: Configuration

    init() throws {
        folder = try TemporaryFolder()
        var configuration = Configuration()
        configuration.inbox = folder.path + "/inbox"
        configuration.outbox = folder.path + "/outbox"
        configuration.state = folder.path + "/state"
        self.configuration = configuration
    }

    private func beat(_ written: Date, watching: Intake.Mode = .events, stuck: Bool = false) throws {
        try FileManager.default.createDirectory(atPath: configuration.state, withIntermediateDirectories: true)
        try Heartbeat(
            process: 7, program: "autochrome", model: "compact", started: written, written: written,
            watching: watching, paused: "disk full", queued: 2,
            inHand: [.init(path: "a.jpg", stage: .sampling, seconds: 1, silent: 0.5)], stuck: stuck
        ).write(state: configuration.state)
    }

    /// Holds the daemon's lock as a running one does.
    private func running<R>(_ body: () throws -> R) throws -> R {
        let lock = try InstanceLock(configuration: configuration.spool(once: false).prepare())
        defer { withExtendedLifetime(lock) {} }
        return try body()
    }

    /// What is missing in a count is told.
    @Test func aFolderThatCannotBeCountedIsNamed() throws {
        for name in ["a", "album/b"] { try folder.write("picture", "outbox/\(name)/01.jpg") }
        var problems: [String] = []
        let counts = try folder.withUnreadable("outbox/album") {
            try ChoiceCounts(outbox: configuration.outbox) { problems.append("\($0)") }
        }
        #expect(counts.results == 1)
        #expect(problems == ["\(configuration.outbox)/album: cannot open: Permission denied"])
    }

    @Test func whereNothingEverRanThereIsNothing() throws {
        let report = try QueueReport(configuration: configuration)
        #expect(!report.running && !report.isStuck && report.daemon == nil && report.failures.isEmpty)
        #expect(!FileManager.default.fileExists(atPath: configuration.state), "looking changes nothing")
        #expect(report.text.contains("not running"))
    }

    @Test func aLivelyDaemonIsNotStuck() throws {
        try beat(Date())
        let report = try running { try QueueReport(configuration: configuration) }
        #expect(report.running && !report.isStuck)
        #expect(report.daemon?.process == 7 && report.daemon?.inHand.first?.stage == .sampling)
        #expect(report.text.contains("paused: disk full") && report.text.contains("a.jpg: sampling"))
    }

    @Test func aSilentDaemonOrAStuckJobIsStuck() throws {
        try beat(Date(timeIntervalSinceNow: -2 * Heartbeat.patience))
        #expect(try running { try QueueReport(configuration: configuration) }.isStuck)
        try beat(Date(), stuck: true)
        let report = try running { try QueueReport(configuration: configuration) }
        #expect(report.isStuck && report.text.contains("STUCK"))
        try FileManager.default.removeItem(atPath: configuration.state + "/" + Heartbeat.fileName)
        #expect(try running { try QueueReport(configuration: configuration) }.isStuck)
    }

    @Test(arguments: [
        (Intake.Mode.starting, "starting"), (.events, "events"), (.stopped, "stopped"),
        (.polling(reason: "NFS: no events"), "polling: NFS: no events"),
    ])
    func aHeartbeatHasModeAndStageAsText(mode: Intake.Mode, text: String) throws {
        try beat(Date(), watching: mode)
        let path = configuration.state + "/" + Heartbeat.fileName
        let document = try JSONSerialization.jsonObject(with: Data(contentsOf: URL(fileURLWithPath: path)))
        let members = try #require(document as? [String: Any])
        #expect(members["watching"] as? String == text)
        #expect((members["in_hand"] as? [[String: Any]])?.first?["stage"] as? String == "sampling")
        #expect(Heartbeat.read(state: configuration.state)?.watching == mode)
        #expect(try running { try QueueReport(configuration: configuration) }.text.contains("watching by \(text)"))
    }

    @Test func aDaemonThatEndedIsNotStuckAndSaysNothing() throws {
        try beat(Date(timeIntervalSinceNow: -1000), stuck: true)
        let report = try QueueReport(configuration: configuration)
        #expect(!report.running && !report.isStuck && report.daemon == nil)
    }
}
