import Digest
import Foundation
import Testing

extension EndToEnd {
    /// Photographs that come under the name of others, or with the content of others.
    @Suite struct ReplacementTests {
        private let first = Pictures.gray(seed: 1)
        private let second = Pictures.gray(seed: 2)
        private let third = Pictures.gray(seed: 3)

        /// The content that each result of the outbox is of.
        private func contents(_ service: TestService) throws -> [String: String] {
            let results = try service.results()
            #expect(results.flatMap(\.problems) == [])
            return Dictionary(
                uniqueKeysWithValues: results.map {
                    (String($0.path.dropFirst(service.outbox.count + 1)), $0.sourceHash ?? "")
                })
        }

        private func hash(_ picture: [UInt8]) -> String { ContentHash(of: picture).hex }

        @Test func aResultThatStoodForTwoIsMadeForTheOtherWhenItIsReplaced() async throws {
            let service = try TestService()
            try service.drop(first, "a.png")
            try await service.runOnce()
            try service.drop(first, "same.png")
            try await service.runOnce()
            #expect(try contents(service) == ["a": hash(first)])
            try service.drop(second, "a.png")
            try await service.runOnce()
            #expect(try contents(service) == ["a": hash(second), "same": hash(first)])
        }

        @Test func aReplacedPhotographDoesNotKeepItsOldColors() async throws {
            let service = try TestService()
            try service.drop(first, "a.png")
            try service.drop(second, "b.png")
            try await service.runOnce()
            try service.drop(first, "b.png")
            try await service.runOnce()
            #expect(try contents(service) == ["a": hash(first), "b": hash(first)])
        }

        /// A result is made again of its own photograph and of no other that has had its name.
        @Test(arguments: ["archive", "delete"])
        func reprocessingTakesEachResultsOwnOriginal(originals: String) async throws {
            let service = try TestService(["originals": originals])
            for picture in [first, second, third] {
                try service.drop(picture, "scan.png")
                try await service.runOnce()
            }
            try service.drop(Pictures.gray(seed: 4), "scan.png")
            let before = try contents(service)
            let again = try await service.start("reprocess", service.outbox, "--samples", "3").wait()
            #expect(again.code == (originals == "archive" ? 0 : 1), "\(again.errors)")
            #expect(try contents(service) == before)
            let results = try service.results()
            #expect(results.map(\.hashes.count) == Array(repeating: originals == "archive" ? 3 : 2, count: 3))
            #expect(again.errors.contains("its original is gone") == (originals == "delete"))
            // They still are what the daemon would make.
            try service.configure(["samples": "3"])
            try service.drop(second, "scan.png")
            try await service.runOnce()
            #expect(try contents(service) == before)
            if originals == "archive" { #expect(try service.results().map(\.inode) == results.map(\.inode)) }
        }

        @Test func aKeptPhotographThatWasChangedIsReprocessedAsItIsNow() async throws {
            let service = try TestService()
            try service.drop(first, "a.png")
            try await service.runOnce()
            try service.drop(second, "a.png")
            let again = try await service.start("reprocess", service.outbox).wait()
            #expect(again.code == 0, "\(again.errors)")
            #expect(try contents(service) == ["a": hash(second)])
        }

        /// Names are free again where originals are deleted; half a change to `keep` would replace the first result.
        @Test func aReloadDoesNotChangeWhatHappensToOriginals() async throws {
            let service = try TestService(["originals": "delete"])
            let (daemon, _) = try await service.startDaemon()
            try service.drop(first, "scan.png")
            #expect(await daemon.eventually { service.folder.exists("outbox/scan") }, "\(daemon.errors)")
            #expect(await daemon.eventually { service.folder.tree("inbox") == [] })
            try service.configure(["originals": "keep"])
            daemon.send(SIGHUP)
            #expect(await daemon.eventually { daemon.errors.contains("configuration reloaded") }, "\(daemon.errors)")
            #expect(daemon.errors.contains("originals has changed; that takes effect when the service is restarted"))
            try service.drop(second, "scan.png")
            #expect(await daemon.eventually { service.folder.tree("inbox") == [] }, "\(daemon.errors)")
            await service.stop(daemon)
            let expected = ["scan": hash(first), "scan-" + ContentHash(of: second).short: hash(second)]
            #expect(try contents(service) == expected)
        }

        @Test(arguments: ["archive", "delete"])
        func namesThatAreUsedAgainReplaceNothing(originals: String) async throws {
            let service = try TestService(["originals": originals])
            for picture in [first, second, third, second] {
                try service.drop(picture, "scan.png")
                try await service.runOnce()
            }
            #expect(service.folder.tree("inbox") == [])
            let expected = [second, third].map { ("scan-" + ContentHash(of: $0).short, hash($0)) }
            #expect(try contents(service) == Dictionary(uniqueKeysWithValues: [("scan", hash(first))] + expected))
        }
    }
}
