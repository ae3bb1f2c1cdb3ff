import Digest
import Foundation
import TestSupport
import Testing

extension EndToEnd {
    @Suite struct ExportTests {
        private static let validators = [Repository.root + "/.build/validators/bin/python", "/usr/bin/python3"]
            .first { run($0, "-c", "import bagit, iiif_prezi3, lxml").status == 0 }

        private let service: TestService

        init() throws {
            service = try TestService()
        }

        @discardableResult
        private static func run(_ words: String..., at folder: String = "/") -> (status: Int32, output: String) {
            do {
                let outcome = try Subprocess("env", ["-C", folder] + words).wait()
                return (outcome.code, outcome.output + outcome.errors)
            } catch { return (-1, "\(error)") }
        }

        /// Colours two photographs, and chooses the second variant of one.
        private func prepare(_ width: Int = 96, _ height: Int = 72) async throws {
            try service.drop(Pictures.gray(width, height, seed: 4), "album/Oma & Opa <1\u{B0}>.png")
            try service.drop(Pictures.gray(width, height, seed: 5), "b.png")
            try await service.runOnce()
            let chosen = try await service.start("choose", service.outbox + "/album", "--variant", "2").wait()
            #expect(chosen.code == 0, "\(chosen.errors)")
        }

        private func export(_ options: String..., to name: String) async throws -> Child.Outcome {
            let words = ["export", service.outbox, "--to", service.folder.path + "/" + name] + options
            return try await Child(words + ["--config", service.folder.path + "/service.yaml"]).wait()
        }

        private func files(_ name: String) -> [String] {
            service.folder.tree(name).filter { path in
                var isFolder: ObjCBool = false
                FileManager.default.fileExists(atPath: "\(service.folder.path)/\(name)/\(path)", isDirectory: &isFolder)
                return !isFolder.boolValue
            }
        }

        @Test func picturesAreHandedOverUnderTheirPhotographsNames() async throws {
            try await prepare()
            let all = try await export(to: "all")
            #expect(all.code == 0, "\(all.errors)")
            let stem = "Oma & Opa _1\u{B0}_"
            #expect(
                files("all") == [
                    "album/\(stem)/01.jpg", "album/\(stem)/02.jpg", "autochrome-export.json", "b/01.jpg", "b/02.jpg",
                ])
            let chosen = try await export("--chosen", to: "some/chosen")
            #expect(chosen.code == 0 && chosen.errors.contains("1 results without a choice"), "\(chosen.errors)")
            #expect(files("some/chosen") == ["album/\(stem)-coloured.jpg", "autochrome-export.json"])
            let picture = service.folder.read("some/chosen/album/\(stem)-coloured.jpg")
            #expect(picture == service.folder.read("all/album/\(stem)/02.jpg"))
            let originals = try await export("--originals", to: "originals")
            #expect(originals.code == 0, "\(originals.errors)")
            #expect(service.folder.read("originals/b/original.png") == Data(Pictures.gray(seed: 5)))
        }

        @Test(arguments: [[], ["--bagit"]]) func aSingleResultBelowAFolderHasItsOriginal(form: [String]) async throws {
            try await prepare()
            let result = service.outbox + "/album/Oma & Opa <1\u{B0}>"
            let words = ["export", result, "--to", service.folder.path + "/one", "--originals"] + form
            let outcome = try await Child(words + ["--config", service.folder.path + "/service.yaml"]).wait()
            #expect(outcome.code == 0, "\(outcome.errors)")
            let original = files("one").filter { $0.hasSuffix("/original.png") }
            #expect(original.count == 1, "\(files("one"))")
            #expect(service.folder.read("one/" + (original.first ?? "")) == Data(Pictures.gray(96, 72, seed: 4)))
        }

        @Test func anExportIsMadeOnceAndNothingIsOverwritten() async throws {
            try await prepare()
            #expect(try await export(to: "out").code == 0)
            let before = try FileManager.default.attributesOfItem(atPath: service.folder.path + "/out")
            let again = try await export(to: "out")
            #expect(again.code == 0 && again.errors.contains("all there before"), "\(again.errors)")
            let after = try FileManager.default.attributesOfItem(atPath: service.folder.path + "/out")
            #expect(before[.systemFileNumber] as? Int == after[.systemFileNumber] as? Int)
            #expect(try await export("--bagit", to: "out").code == 2)
            try service.folder.write("mine", "taken/file")
            #expect(try await export(to: "taken").code == 2)
            #expect(files("taken") == ["file"])
            try service.folder.makeFolder("empty")
            #expect(try await export(to: "empty").code == 0)
            #expect(files("empty") == files("out"))
            #expect(service.folder.list("").allSatisfy { !$0.hasPrefix(".autochrome") })
        }

        @Test func aBrokenOffExportGoesOn() async throws {
            try await prepare()
            #expect(try await export(to: "out").code == 0)
            let whole = files("out")
            // As a run leaves it that is killed: hidden, one file half written and one not at all.
            let hash = ContentHash(of: Array("out".utf8)).short
            try service.folder.rename(Array("out".utf8), to: Array(".autochrome-export-\(hash)".utf8))
            let half = try #require(service.folder.read(".autochrome-export-\(hash)/b/01.jpg")).prefix(100)
            try service.folder.write(Array(half), ".autochrome-export-\(hash)/b/01.jpg")
            try FileManager.default.removeItem(
                atPath: service.folder.path + "/.autochrome-export-\(hash)/b/02.jpg")
            #expect(try await export(to: "out").code == 0)
            #expect(files("out") == whole)
            for name in ["b/01.jpg", "b/02.jpg"] {
                #expect(service.folder.read("out/" + name) == service.folder.read("outbox/" + name))
            }
        }

        @Test func aDamagedPictureIsHandedOverToNobody() async throws {
            try await prepare()
            try service.folder.write("damaged", "outbox/b/02.jpg")
            for options in [[], ["--bagit"], ["--iiif", "https://example.org"]] {
                let words = ["export", service.outbox, "--to", service.folder.path + "/out"] + options
                let outcome = try await Child(words).wait()
                #expect(outcome.code == 1 && outcome.errors.contains("b/02.jpg"), "\(outcome.errors)")
                #expect(!service.folder.exists("out"))
            }
        }

        @Test func aBagHoldsWhatItsManifestsSay() async throws {
            try await prepare()
            let outcome = try await export("--bagit", "--originals", to: "bag")
            #expect(outcome.code == 0, "\(outcome.errors)")
            let bag = service.folder.path + "/bag"
            for manifest in ["manifest-sha256.txt", "tagmanifest-sha256.txt"] {
                let check = Self.run("/usr/bin/sha256sum", "--check", "--strict", manifest, at: bag)
                #expect(check.status == 0, "\(check.output)")
            }
            let text = String(decoding: try #require(service.folder.read("bag/manifest-sha256.txt")), as: UTF8.self)
            let listed = text.split(separator: "\n").map { String($0.dropFirst(66)) }
            #expect(listed.sorted() == files("bag").filter { $0.hasPrefix("data/") })
            #expect(listed.contains("data/b/original.png"))
            if let python = Self.validators {
                let check = Self.run(python, Repository.root + "/Tests/Schemas/validate.py", "bag", bag)
                #expect(check.status == 0, "\(check.output)")
            }
        }

        /// Every tile that a viewer asks for is there, as large as it expects.
        @Test func aViewerFindsManifestsAndTiles() async throws {
            try await prepare(1100, 530)
            let outcome = try await export("--iiif", "https://example.org/iiif/", to: "iiif")
            #expect(outcome.code == 0, "\(outcome.errors)")
            let stem = "album/Oma & Opa _1\u{B0}_"
            let document = try #require(service.folder.read("iiif/\(stem)/manifest.json"))
            let manifest = try #require(JSONSerialization.jsonObject(with: document) as? [String: Any])
            let address = "https://example.org/iiif/album/Oma%20%26%20Opa%20_1%C2%B0_"
            #expect(manifest["id"] as? String == address + "/manifest.json")
            let text = String(decoding: try JSONSerialization.data(withJSONObject: manifest), as: UTF8.self)
            #expect(text.contains("\"Choice\"") && text.contains("Colouring 02, chosen"))
            for variant in ["01", "02"] { try expectTiles("iiif/\(stem)/\(variant)", 1100, 530) }
            if let python = Self.validators {
                let folder = service.folder.path + "/iiif"
                let check = Self.run(python, Repository.root + "/Tests/Schemas/validate.py", "iiif", folder)
                #expect(check.status == 0, "\(check.output)")
            }
        }

        private func expectTiles(_ folder: String, _ width: Int, _ height: Int) throws {
            let description = try #require(service.folder.read(folder + "/info.json"))
            let info = try #require(JSONSerialization.jsonObject(with: description) as? [String: Any])
            #expect(info["width"] as? Int == width && info["height"] as? Int == height)
            let tiles = try #require((info["tiles"] as? [[String: Any]])?.first)
            let factors = try #require(tiles["scaleFactors"] as? [Int])
            let side = try #require(tiles["width"] as? Int)
            #expect(factors == [1, 2, 4])
            #expect(info["sizes"] as? [[String: Int]] == [["width": 275, "height": 133]])
            var wanted: [(name: String, width: Int, height: Int)] = [("full/max", width, height)]
            for factor in factors {
                for y in stride(from: 0, to: height, by: side * factor) {
                    for x in stride(from: 0, to: width, by: side * factor) {
                        let (w, h) = (min(side * factor, width - x), min(side * factor, height - y))
                        let size = ((w + factor - 1) / factor, (h + factor - 1) / factor)
                        let isWhole = w == width && h == height
                        let region = isWhole ? "full" : "\(x),\(y),\(w),\(h)"
                        wanted.append(("\(region)/\(size.0),\(size.1)", size.0, size.1))
                    }
                }
            }
            for tile in wanted {
                let data = service.folder.read("\(folder)/\(tile.name)/0/default.jpg")
                let size = data.flatMap(Self.jpegSize)
                #expect(size?.width == tile.width && size?.height == tile.height, "\(tile)")
            }
        }

        /// The size that a JPEG's frame states.
        private static func jpegSize(_ data: Data) -> (width: Int, height: Int)? {
            let bytes = Array(data)
            var place = 2
            while place + 9 < bytes.count, bytes[place] == 0xFF {
                if [0xC0, 0xC1, 0xC2].contains(bytes[place + 1]) {
                    return (
                        Int(bytes[place + 7]) << 8 | Int(bytes[place + 8]),
                        Int(bytes[place + 5]) << 8 | Int(bytes[place + 6])
                    )
                }
                place += 2 + (Int(bytes[place + 2]) << 8 | Int(bytes[place + 3]))
            }
            return nil
        }
    }
}
