import Digest
import Foundation
import Testing

extension EndToEnd {
    @Suite struct RetryTests {
        private let good = Pictures.gray(seed: 8)

        @Test func aFailedFileIsPutRightAndTriedAgain() async throws {
            let service = try TestService()
            try service.drop(Array(good.prefix(1000)), "album/a.png")
            try await service.runOnce(expecting: 1)
            let before = try await service.status()
            let failure = try #require((before["failures"] as? [[String: Any]])?.first)
            #expect(failure["path"] as? String == "album/a.png")
            #expect((failure["reason"] as? String)?.contains("damaged") == true)
            #expect(try await service.start("status").wait().output.contains("album/a.png: "))

            // Again, unchanged: it fails again.
            #expect(try await service.start("retry").wait().code == 0)
            #expect(service.folder.exists("inbox/album/a.png"))
            try await service.runOnce(expecting: 1)

            // Put right where it lies.
            try service.folder.write(good, "state/failed/album/a.png")
            let retry = try await service.start("retry", "album/a.png").wait()
            #expect(retry.code == 0 && retry.output.contains("album/a.png"), "\(retry.errors)")
            try await service.runOnce()
            let result = try PublishedFolder(service.outbox + "/album/a")
            #expect(result.problems == [] && result.sourceHash == ContentHash(of: good).hex)
            let after = try await service.status()
            #expect((after["failures"] as? [Any])?.isEmpty == true)
            #expect(service.folder.tree("state/failed").allSatisfy { !$0.contains("a.png") })
        }

        @Test func aRunningDaemonTakesUpWhatIsRetriedOrReplaced() async throws {
            let service = try TestService()
            let (daemon, _) = try await service.startDaemon()
            try service.drop(Array("no picture".utf8), "a.png")
            try service.drop(Array("no picture either".utf8), "b.png")
            #expect(await daemon.eventually { service.folder.exists("state/failed/b.png") })
            #expect(await daemon.eventually { service.folder.exists("state/failed/a.png") })
            try service.drop(good, "a.png")
            #expect(await daemon.eventually { service.folder.exists("outbox/a") }, "\(daemon.errors)")
            try service.folder.write(Pictures.gray(seed: 9), "state/failed/b.png")
            let failed = service.folder.path + "/state/failed/b.png"
            #expect(try await service.start("retry", failed).wait().code == 0)
            #expect(await daemon.eventually { service.folder.exists("outbox/b") }, "\(daemon.errors)")
            await service.stop(daemon)
            #expect(try service.results().flatMap(\.problems) == [])
        }

        @Test func whatIsUnknownIsSaidToBe() async throws {
            let service = try TestService()
            let outcome = try await service.start("retry", "never seen.png").wait()
            #expect(outcome.code == 1 && outcome.errors.contains("never seen.png"))
            let nothing = try await service.start("reprocess", service.folder.path + "/nowhere").wait()
            #expect(nothing.code == 1 && nothing.errors.contains("nowhere"))
        }

        /// Version 0.1 did not say how it made its pictures: its results stay until somebody asks for newer ones.
        @Test func reprocessingBringsWhatWasRenderedOtherwiseUpToDate() async throws {
            let service = try TestService()
            try service.drop(good, "a.png")
            try await service.runOnce()
            let document = service.outbox + "/a/a.json"
            var old = try PublishedFolder(service.outbox + "/a")
            let kept = old.document.filter { $0.key != "rendering" }
            try JSONSerialization.data(withJSONObject: kept).write(to: URL(fileURLWithPath: document))
            old = try PublishedFolder(service.outbox + "/a")

            // Neither a start, nor a lost ledger, nor a new time of the original is a reason to colour it again.
            try await service.runOnce()
            try FileManager.default.removeItem(atPath: service.folder.path + "/state")
            try service.drop(good, "a.png")
            try await service.runOnce()
            #expect(try PublishedFolder(service.outbox + "/a").inode == old.inode)

            let again = try await service.start("reprocess", service.outbox).wait()
            #expect(again.code == 0, "\(again.errors)")
            let new = try PublishedFolder(service.outbox + "/a")
            #expect(new.problems == [] && new.inode != old.inode)
            #expect(new.document["rendering"] as? Int == 3)
            let same = try await service.start("reprocess", service.outbox).wait()
            #expect(same.errors.contains("1 done before"), "\(same.errors)")
        }

        @Test func reprocessingExchangesResults() async throws {
            let service = try TestService(["candidates": "1"])
            try service.drop(good, "album/a.png")
            try service.drop(Pictures.gray(seed: 9), "b.png")
            try await service.runOnce()
            let before = try PublishedFolder(service.outbox + "/album/a")

            let same = try await service.start("reprocess", service.outbox).wait()
            #expect(same.code == 0 && same.errors.contains("2 done before"), "\(same.errors)")
            #expect(try PublishedFolder(service.outbox + "/album/a").inode == before.inode)

            let more = try await service.start("reprocess", service.outbox + "/album", "--samples", "4").wait()
            #expect(more.code == 0, "\(more.errors)")
            let after = try PublishedFolder(service.outbox + "/album/a")
            #expect(after.problems == [] && after.hashes.count == 4 && after.inode != before.inode)
            #expect(Array(after.hashes.prefix(2)) == before.hashes, "the same draws come first")
            #expect(service.folder.list("outbox") == ["album", "b"])
            #expect(service.folder.list("outbox/album") == ["a"])

            // Without its original, a result stays as it is, and is named.
            try FileManager.default.removeItem(atPath: service.folder.path + "/inbox/b.png")
            let gone = try await service.start("reprocess", service.outbox + "/b", "--samples", "1").wait()
            #expect(gone.code == 1 && gone.errors.contains("its original is gone"))
            #expect(try PublishedFolder(service.outbox + "/b").hashes.count == 2)
        }
    }
}
