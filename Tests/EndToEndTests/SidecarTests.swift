import Foundation
import Testing

extension EndToEnd {
    /// Settings beside photographs.
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
    }
}
