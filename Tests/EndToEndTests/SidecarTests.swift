import Foundation
import Testing

extension EndToEnd {
    /// Settings beside photographs: changed, wrong for a while, and on their way with them.
    @Suite struct SidecarTests {
        private let first = Pictures.gray(seed: 1)
        private let second = Pictures.gray(seed: 2)

        private func write(_ text: String, _ name: String, _ service: TestService) throws {
            try service.folder.write(text, name)
        }

        @Test func aChangedOneMakesItsPhotographsDueAgain() async throws {
            let service = try TestService()
            let (daemon, _) = try await service.startDaemon()
            try service.drop(first, "album/a.png")
            try service.drop(second, "b.png")
            #expect(await daemon.eventually { service.folder.exists("outbox/album/a") }, "\(daemon.errors)")
            #expect(await daemon.eventually { service.folder.exists("outbox/b") }, "\(daemon.errors)")
            let other = try PublishedFolder(service.outbox + "/b").inode

            try write("samples: 3", "inbox/album/a.png.autochrome.yaml", service)
            #expect(await daemon.eventually { service.folder.exists("outbox/album/a/03.jpg") }, "\(daemon.errors)")
            await service.stop(daemon)

            // While nobody watches, its own goes and its folder's comes.
            try FileManager.default.removeItem(atPath: service.folder.path + "/inbox/album/a.png.autochrome.yaml")
            try write("samples: 1", "inbox/album/.autochrome.yaml", service)
            try await service.runOnce()
            let result = try PublishedFolder(service.outbox + "/album/a")
            #expect(result.problems == [] && result.hashes.count == 1)
            #expect(try PublishedFolder(service.outbox + "/b").inode == other, "no sidecar of its own has changed")
            #expect(service.folder.list("outbox") == ["album", "b"] && service.folder.list("outbox/album") == ["a"])

            // Saved again with the same settings: looked at, not done again.
            try write("samples: 1 # as before", "inbox/album/.autochrome.yaml", service)
            try await service.runOnce()
            #expect(try PublishedFolder(service.outbox + "/album/a").inode == result.inode)
        }

        /// Two of one content: the other's settings have not changed, and it keeps a result of them.
        @Test func aCopyWithOtherSettingsGetsItsOwnResult() async throws {
            let service = try TestService()
            try service.drop(first, "a.png")
            try await service.runOnce()
            try service.drop(first, "copy.png")
            try await service.runOnce()
            #expect(service.folder.list("outbox") == ["a"])
            try write("samples: 3", "inbox/a.png.autochrome.yaml", service)
            try await service.runOnce()
            #expect(try PublishedFolder(service.outbox + "/a").hashes.count == 3)
            #expect(try PublishedFolder(service.outbox + "/copy").hashes.count == 2)
        }

        /// The next try is an hour away; only the sidecar's change brings it about.
        @Test func aPhotographWaitsForASidecarThatIsWrong() async throws {
            let service = try TestService(["backoff_seconds": "3600"])
            let (daemon, _) = try await service.startDaemon()
            try write("sampels: 3", "inbox/a.png.autochrome.yaml", service)
            try service.drop(first, "a.png")
            #expect(await daemon.eventually { daemon.errors.contains("did you mean 'samples'?") }, "\(daemon.errors)")
            // It is said a moment before the ledger knows.
            var waiting: [[String: Any]] = []
            for _ in 0..<200 where waiting.isEmpty {
                waiting = try await service.status()["waiting"] as? [[String: Any]] ?? []
            }
            #expect(waiting.map { $0["path"] as? String } == ["a.png"])
            #expect((waiting.first?["reason"] as? String)?.contains("a.png.autochrome.yaml:1: unknown key") == true)
            let text = try await service.start("status").wait().output
            #expect(text.contains("a.png: ") && text.contains("did you mean 'samples'?"), "\(text)")
            #expect(service.folder.exists("inbox/a.png") && service.folder.list("state/failed") == [])

            try write("samples: 3", "inbox/a.png.autochrome.yaml", service)
            #expect(await daemon.eventually { service.folder.exists("outbox/a/03.jpg") }, "\(daemon.errors)")
            await service.stop(daemon)
        }

        /// The photograph's own settings go to the archive with it, and its folder's stay in the inbox.
        @Test func whatIsArchivedKeepsTheSettingsOfItsFolder() async throws {
            let service = try TestService(["originals": "archive"])
            try write("samples: 3", "inbox/album/.autochrome.yaml", service)
            try write("quality: 70", "inbox/album/a.png.autochrome.yaml", service)
            try service.drop(first, "album/a.png")
            try await service.runOnce()
            #expect(service.folder.exists("state/archive/album/a.png"))
            let hashes = try PublishedFolder(service.outbox + "/album/a").hashes
            #expect(hashes.count == 3)
            let same = try await service.start("reprocess", service.outbox).wait()
            #expect(same.code == 0 && same.errors.contains("1 done before"), "\(same.errors)")
            // Twice: the second time its place on record is the archive.
            for _ in 0..<2 {
                let again = try await service.start("reprocess", service.outbox, "--force").wait()
                #expect(again.code == 0, "\(again.errors)")
                #expect(try PublishedFolder(service.outbox + "/album/a").hashes == hashes)
            }
        }

        @Test func oneThatStaysWrongGoesWithItsPhotographAndComesBackWithIt() async throws {
            let service = try TestService(["attempts": "1"])
            try write("sampels: 3", "inbox/album/a.png.autochrome.yaml", service)
            try service.drop(first, "album/a.png")
            try await service.runOnce(expecting: 1)
            #expect(service.folder.tree("inbox") == ["album"])
            let names = ["a.png", "a.png.autochrome.yaml", "a.png.json"]
            #expect(service.folder.list("state/failed/album") == names)

            try write("samples: 3", "state/failed/album/a.png.autochrome.yaml", service)
            let retry = try await service.start("retry", "album/a.png").wait()
            #expect(retry.code == 0, "\(retry.errors)")
            #expect(service.folder.list("inbox/album") == ["a.png", "a.png.autochrome.yaml"])
            #expect(service.folder.tree("state/failed") == [])
            try await service.runOnce()
            #expect(try PublishedFolder(service.outbox + "/album/a").hashes.count == 3)
        }

        /// An archived original has left the inbox: its result stays as it is until somebody asks for more.
        @Test func oneGoesToTheArchiveWithItsPhotograph() async throws {
            let service = try TestService(["originals": "archive"])
            try write("samples: 3", "inbox/a.png.autochrome.yaml", service)
            try service.drop(first, "a.png")
            try await service.runOnce()
            #expect(service.folder.list("state/archive") == ["a.png", "a.png.autochrome.yaml"])
            #expect(service.folder.tree("inbox") == [])
            let before = try PublishedFolder(service.outbox + "/a")
            #expect(before.hashes.count == 3)

            try write("samples: 1", "inbox/.autochrome.yaml", service)
            try await service.runOnce()
            #expect(try PublishedFolder(service.outbox + "/a").inode == before.inode)

            // The settings lie beside the original, wherever that is.
            let again = try await service.start("reprocess", service.outbox).wait()
            #expect(again.code == 0 && again.errors.contains("1 done before"), "\(again.errors)")
        }
    }
}
