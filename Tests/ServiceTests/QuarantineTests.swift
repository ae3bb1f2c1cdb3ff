import Foundation
import Imaging
import Logging
import TestSupport
import Testing

@testable import Service

/// The whole daemon with a decoder that some photographs bring down.
@Suite struct QuarantineTests {
    @Test func aDecoderThatFailsTakesOnlyItsOwnPhotograph() throws {
        let folder = try TemporaryFolder()
        let photograph = try Data(contentsOf: URL(fileURLWithPath: Repository.root + "/Samples/camera.jpg"))
        let faults = ["crash", "hang", "grow", "garbage", "huge size", "exit"]
        for (number, fault) in faults.enumerated() {
            try drop(photograph + Data("fault: \(fault)".utf8), "\(2 * number) \(fault).jpg", folder)
            // Each good one has bytes of its own, lest it is known for a duplicate.
            try drop(photograph + Data("\(number)".utf8), "\(2 * number + 1) good.jpg", folder)
        }
        try Vips.start()
        var configuration = Configuration()
        configuration.inbox = folder.path + "/inbox"
        configuration.outbox = folder.path + "/outbox"
        configuration.state = folder.path + "/state"
        configuration.model = Repository.model
        configuration.threads = 2
        configuration.quietSeconds = 0
        // Far more than a good one takes on a busy machine.
        configuration.decodeSeconds = 5
        configuration.attempts = 1
        configuration.coloring.samples = 1
        configuration.coloring.sheet = false
        configuration.coloring.uncertainty = false
        let daemon = Daemon(
            once: true, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }, decoder: Repository.decoder(),
            load: { [configuration] in configuration })
        #expect(try daemon.run() == false)

        let manager = FileManager.default
        let published = try manager.contentsOfDirectory(atPath: configuration.outbox).filter { !$0.hasPrefix(".") }
        #expect(published.sorted() == faults.indices.map { "\(2 * $0 + 1) good" }.sorted())
        let failed = try manager.contentsOfDirectory(atPath: configuration.failedDirectory)
        for (number, fault) in faults.enumerated() {
            let name = "\(2 * number) \(fault).jpg"
            #expect(failed.contains(name), "\(failed)")
            let reason = failed.filter { $0.hasPrefix(name) && $0.hasSuffix(".json") }.map {
                (try? String(contentsOfFile: configuration.failedDirectory + "/" + $0, encoding: .utf8)) ?? ""
            }.joined()
            #expect(reason.contains(fault == "hang" ? "took longer than 5.0 seconds" : "the decoder "), "\(reason)")
        }
    }

    private func drop(_ content: Data, _ name: String, _ folder: TemporaryFolder) throws {
        let inbox = folder.path + "/inbox"
        try FileManager.default.createDirectory(atPath: inbox, withIntermediateDirectories: true)
        try content.write(to: URL(fileURLWithPath: inbox + "/" + name))
    }
}
