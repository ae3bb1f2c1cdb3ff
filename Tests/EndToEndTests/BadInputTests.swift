import Digest
import Foundation
import TestSupport
import Testing

/// A file that is no ordinary photograph, and what the message about it says.
struct BadInput: Sendable, CustomTestStringConvertible {
    var name: String
    var bytes: [UInt8]
    var reason: String
    var testDescription: String { name }

    static let truncatedJPEG: [UInt8] = {
        let whole = FileManager.default.contents(atPath: Repository.root + "/Samples/camera.jpg") ?? Data()
        return Array(whole.prefix(whole.count / 2))
    }()

    static let all = [
        BadInput(name: "empty.jpg", bytes: [], reason: "the file is empty"),
        BadInput(name: "truncated.jpg", bytes: truncatedJPEG, reason: "damaged or incomplete"),
        BadInput(name: "truncated.png", bytes: Array(Pictures.gray().prefix(3000)), reason: "damaged or incomplete"),
        BadInput(name: "no header.png", bytes: Array(Pictures.gray().prefix(20)), reason: "damaged or incomplete"),
        BadInput(name: "text.jpg", bytes: Array("Dear Sir or Madam".utf8), reason: "not a JPEG, PNG, TIFF"),
        BadInput(name: "huge.png", bytes: Pictures.declaring(40_000, 40_000), reason: "over the limits"),
        BadInput(name: "long.png", bytes: Pictures.declaring(1, 2_000_000_000), reason: "over the limits"),
        BadInput(name: "pages.tif", bytes: Pictures.pages(3), reason: "3 pages or frames, at most 1 allowed"),
        BadInput(name: "animation.jpg", bytes: Pictures.animation, reason: "not a JPEG, PNG, TIFF"),
        BadInput(
            name: String(repeating: "long name ", count: 20) + ".jpg", bytes: [0xFF, 0xD8, 0xFF], reason: "damaged"),
        BadInput(name: "new\nline.jpg", bytes: [0xFF, 0xD8, 0xFF, 0xE0], reason: "damaged"),
    ]

    /// The name as it stands on one line.
    var shown: String { name.replacingOccurrences(of: "\n", with: "\\x0A") }
}

extension EndToEnd {
    @Suite struct BadInputTests {
        /// Good photographs under names that are hard to handle.
        private static let names: [[UInt8]] = [
            Array("plain.png".utf8), Array(" two  spaces .png".utf8), Array("new\nline.png".utf8),
            latin + Array(".png".utf8), Array("-rf.png".utf8),
            Array(String(repeating: "n", count: 196).utf8) + Array(".png".utf8), Array("back\\slash.png".utf8),
            Array("Großmutter 祖母.PNG".utf8), Array("%41%00.png".utf8), Array("no ending".utf8),
        ]

        /// Bytes that are not UTF-8.
        private static let latin = Array("caf".utf8) + [0xE9, 0xFF]

        /// Gives the result of the name that is not UTF-8 one that the tests can read.
        private func rename(_ folder: TemporaryFolder, _ below: String) throws {
            let result = Array((below + "/").utf8) + Self.latin
            try folder.rename(
                result + [0x2F] + Self.latin + Array(".json".utf8), to: result + Array("/latin.json".utf8))
            try folder.rename(result, to: Array((below + "/latin").utf8))
        }

        private func write(_ folder: TemporaryFolder, _ below: String) throws {
            for (index, name) in Self.names.enumerated() {
                try folder.write(Pictures.gray(seed: UInt64(index)), Array(below.utf8) + [0x2F] + name)
            }
            for bad in BadInput.all { try folder.write(bad.bytes, Array((below + "/bad/" + bad.name).utf8)) }
        }

        /// The hashes of the sources of all results.
        private func sources(_ results: [PublishedFolder]) -> Set<String> { Set(results.compactMap(\.sourceHash)) }

        private func expected(_ names: [[UInt8]]) -> Set<String> {
            Set(names.indices.map { ContentHash(of: Pictures.gray(seed: UInt64($0))).hex })
        }

        @Test func theDaemonSetsAsideWhatIsBadAndDoesTheRest() async throws {
            let service = try TestService()
            try write(service.folder, "inbox")
            let outcome = try await service.runOnce(expecting: 1)
            try rename(service.folder, "outbox")
            let results = try service.results()
            #expect(results.flatMap(\.problems) == [])
            #expect(results.count == Self.names.count)
            #expect(sources(results) == expected(Self.names), "\(outcome.errors)")
            let failures = try #require(try await service.status()["failures"] as? [[String: Any]])
            #expect(failures.count == BadInput.all.count, "\(outcome.errors)")
            for bad in BadInput.all {
                let line = outcome.errors.split(separator: "\n").first { $0.contains("bad/\(bad.shown): failed: ") }
                #expect(line?.contains(bad.reason) == true, "\(bad.name): \(line ?? "not named")")
                #expect(
                    failures.contains {
                        $0["path"] as? String == "bad/" + bad.shown
                            && ($0["reason"] as? String)?.contains(bad.reason) == true
                    }, "\(bad.name)")
                #expect(!service.folder.exists("inbox/bad/" + bad.name))
                // Beside each original, unchanged, lies the reason.
                let originals = service.folder.list("state/failed/bad").filter {
                    !$0.hasSuffix(".json") && service.folder.read("state/failed/bad/" + $0) == Data(bad.bytes)
                }
                let original = try #require(originals.first, "\(bad.name) is lost")
                let report = try #require(
                    service.folder.list("state/failed/bad").first {
                        guard let data = service.folder.read("state/failed/bad/" + $0), $0.hasSuffix(".json"),
                            let json = try? JSONSerialization.jsonObject(with: data) as? [String: Any]
                        else { return false }
                        return json["path"] as? String == "bad/" + bad.shown
                    }, "\(original) has no report")
                let data = try #require(service.folder.read("state/failed/bad/" + report))
                let json = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
                #expect((json["reason"] as? String)?.contains(bad.reason) == true, "\(json)")
            }
        }

        @Test func colorizeNamesWhatIsBadAndDoesTheRest() async throws {
            let folder = try TemporaryFolder()
            try write(folder, "in")
            let outcome = try await Child.run(
                "colorize", folder.path + "/in", "--output", folder.path + "/out", "--samples", "1", "--colored",
                "recolor")
            #expect(outcome.code == 1)
            try rename(folder, "out")
            let results = try PublishedFolder.all(below: folder.path + "/out")
            #expect(results.flatMap(\.problems) == [])
            // A folder is searched by the files' endings.
            #expect(sources(results) == expected(Array(Self.names.dropLast())), "\(outcome.errors)")
            for bad in BadInput.all {
                let place = "autochrome: \(folder.path)/in/bad/\(bad.shown): "
                let line = outcome.errors.split(separator: "\n").first { $0.hasPrefix(place) }
                #expect(line?.contains(bad.reason) == true, "\(bad.name): \(line ?? "not named")")
                #expect(folder.read("in/bad/" + bad.name) == Data(bad.bytes))
            }
            #expect(outcome.errors.contains("\(BadInput.all.count) failed"))
        }

        @Test(arguments: [(1, 1), (3, 2), (40, 1)]) func tinyOnesAreDone(_ width: Int, _ height: Int) async throws {
            let folder = try TemporaryFolder()
            let input = try folder.write(Pictures.gray(width, height), "tiny.png")
            let outcome = try await Child.run("colorize", input, "--output", folder.path + "/out", "--samples", "2")
            #expect(outcome.code == 0, "\(outcome.errors)")
            #expect(try PublishedFolder(folder.path + "/out/tiny").problems == [])
        }

        @Test(arguments: [(1, 30_000), (30_000, 1)]) func stripsAreRefused(_ width: Int, _ height: Int) async throws {
            let folder = try TemporaryFolder()
            let input = try folder.write(Pictures.gray(width, height), "strip.png")
            let outcome = try await Child.run("colorize", input, "--output", folder.path + "/out")
            #expect(outcome.code == 1)
            #expect(outcome.errors.contains("\(input): over the limits: \(width) × \(height)"), "\(outcome.errors)")
            #expect(folder.tree("out").isEmpty)
        }

        @Test(.enabled(if: geteuid() != 0, "root may read everything"))
        func whatMayNotBeReadIsNamed() async throws {
            let service = try TestService(["attempts": "2", "backoff_seconds": "0"])
            try service.drop(Pictures.gray(), "secret.png")
            chmod(service.folder.path + "/inbox/secret.png", 0)
            try await service.runOnce(expecting: 1)
            #expect(service.folder.exists("inbox/secret.png"))
            let outcome = try await service.runOnce(expecting: 1)
            #expect(outcome.errors.contains("secret.png: failed: "))
        }

        @Test func linksAndPipesAreLeftAlone() async throws {
            let service = try TestService()
            let target = try service.folder.write(Pictures.gray(), "elsewhere.png")
            let inbox = service.folder.path + "/inbox"
            try FileManager.default.createSymbolicLink(atPath: inbox + "/link.png", withDestinationPath: target)
            #expect(mkfifo(inbox + "/pipe.png", 0o600) == 0)
            try service.drop(Pictures.gray(seed: 2), "good.png")
            let outcome = try await service.runOnce()
            #expect(service.folder.list("outbox") == ["good"])
            for name in ["link.png", "pipe.png"] {
                #expect(outcome.errors.contains("\(name): not taken"), "\(outcome.errors)")
            }
            let named = try await Child.run(
                "colorize", inbox + "/link.png", inbox + "/pipe.png", "--output", service.folder.path + "/out")
            #expect(named.code == 1)
            for name in ["link.png", "pipe.png"] { #expect(named.errors.contains(inbox + "/" + name)) }
        }

        @Test func settingsThatAreWrongFailTheirPhotographOnly() async throws {
            let service = try TestService()
            try service.drop(Pictures.gray(seed: 1), "a.png")
            try service.drop(Pictures.gray(seed: 2), "b.png")
            try service.folder.write(Array("\nsampels: 3\n".utf8), "inbox/a.png.autochrome.yaml")
            let outcome = try await service.runOnce(expecting: 1)
            #expect(service.folder.list("outbox") == ["b"])
            #expect(outcome.errors.contains("a.png.autochrome.yaml:2: unknown key 'sampels'; did you mean 'samples'?"))
        }
    }
}
