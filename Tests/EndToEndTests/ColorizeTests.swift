import Digest
import Foundation
import Imaging
import TestSupport
import Testing

extension EndToEnd {
    @Suite struct ColorizeTests {
        private let folder: TemporaryFolder

        init() throws { folder = try TemporaryFolder() }

        private var output: String { folder.path + "/out" }

        @Test func onePhotographGivesOneWholeResult() async throws {
            let photograph = Pictures.gray()
            let input = try folder.write(photograph, "grandma.png")
            let first = try await Child.run("colorize", input, "--output", output, "--samples", "3")
            #expect(first.code == 0, "\(first.errors)")
            #expect(first.output == "")
            #expect(
                folder.list("out/grandma")
                    == ["01.jpg", "02.jpg", "03.jpg", "grandma.json", "sheet.jpg", "uncertainty.png"])
            let result = try PublishedFolder(output + "/grandma")
            #expect(result.problems == [])
            #expect(result.sourceHash == ContentHash(of: photograph).hex)
            #expect(Set(result.hashes).count == 3)
            let model = result.document["model"] as? [String: Any]
            #expect(model?["sha256"] as? String == (try ContentHash(file: Repository.model)).hex)
            #expect(result.settings["seed"] as? Int == 1)

            // What is there is not done again.
            let before = try FileManager.default.attributesOfItem(atPath: output + "/grandma/01.jpg")
            let second = try await Child.run("colorize", input, "--output", output, "--samples", "3")
            #expect(second.code == 0)
            #expect(second.errors.contains("1 done before"))
            let after = try FileManager.default.attributesOfItem(atPath: output + "/grandma/01.jpg")
            #expect(before[.systemFileNumber] as? Int == after[.systemFileNumber] as? Int)
        }

        @Test(arguments: [("jpeg", "jpg"), ("png", "png"), ("webp", "webp"), ("tiff", "tif")])
        func everyFormatIsWritten(_ format: String, _ ending: String) async throws {
            let input = try folder.write(Pictures.gray(), "a.png")
            let outcome = try await Child.run(
                "colorize", input, "--output", output, "--samples", "2", "--format", format, "--seed", "77",
                "--mode-first", "--temperature", "0.5")
            #expect(outcome.code == 0, "\(outcome.errors)")
            let result = try PublishedFolder(output + "/a")
            #expect(result.problems == [])
            #expect(folder.list("out/a").contains("02." + ending))
            #expect(result.settings["seed"] as? Int == 77)
            #expect(result.settings["temperature"] as? Double == 0.5)
            let variants = try #require(result.document["variants"] as? [[String: Any]])
            #expect(variants[0]["sample"] == nil)
            #expect((0..<31).contains(try #require(variants[1]["sample"] as? Int)))
        }

        @Test func everyVariantMayBeADraw() async throws {
            let input = try folder.write(Pictures.gray(), "a.png")
            let outcome = try await Child.run(
                "colorize", input, "--output", output, "--samples", "2", "--no-mode-first")
            #expect(outcome.code == 0, "\(outcome.errors)")
            let result = try PublishedFolder(output + "/a")
            #expect(result.problems == [])
            let variants = try #require(result.document["variants"] as? [[String: Any]])
            #expect(Set(variants.compactMap { $0["sample"] as? Int }).count == 2)
        }

        @Test func foldersKeepTheirShape() async throws {
            try folder.write(Pictures.gray(seed: 1), "in/a.png")
            try folder.write(Pictures.gray(seed: 2), "in/album/deep/b.png")
            try folder.write(Pictures.gray(seed: 3), "in/album/a.png")
            try folder.write(Pictures.pages(1), "in/album/a.tif")
            try folder.write(Array("notes".utf8), "in/album/notes.txt")
            let outcome = try await Child.run("colorize", folder.path + "/in", "--output", output, "--samples", "2")
            #expect(outcome.code == 0, "\(outcome.errors)")
            let results = try PublishedFolder.all(below: output)
            #expect(results.flatMap(\.problems) == [])
            let places = results.map { String($0.path.dropFirst(output.count + 1)) }.sorted()
            #expect(places.count == 4)
            #expect(places.filter { ["a", "album/a", "album/deep/b"].contains($0) }.count == 3)
            // Two sources of one stem: the second has a suffix.
            #expect(places.contains { $0.wholeMatch(of: /album\/a-[0-9a-f]+/) != nil }, "\(places)")
            #expect(folder.tree("out").allSatisfy { !$0.contains("/.") && !$0.hasPrefix(".") })
        }

        @Test func settingsLieBesideThePhotographOrItsFolder() async throws {
            for (index, name) in ["in/a.png", "in/b.png", "in/sub/c.png"].enumerated() {
                try folder.write(Pictures.gray(seed: UInt64(index)), name)
            }
            try folder.write(Array("samples: 3\nseed: 9\n".utf8), "in/.autochrome.yaml")
            try folder.write(Array("samples: 1\n".utf8), "in/b.png.autochrome.yaml")
            try folder.write(Array("format: png\n".utf8), "in/sub/.autochrome.yaml")
            let outcome = try await Child.run("colorize", folder.path + "/in", "--output", output, "--seed", "4")
            #expect(outcome.code == 0, "\(outcome.errors)")
            let (a, b) = (try PublishedFolder(output + "/a"), try PublishedFolder(output + "/b"))
            #expect(a.hashes.count == 3 && b.hashes.count == 1)
            #expect(folder.exists("out/sub/c/03.png"))
            #expect(a.settings["seed"] as? Int == 4, "the command line stands over the files")

            let again = try await Child.run("reprocess", output, "--seed", "4")
            #expect(again.code == 0 && again.errors.contains("3 done before"), "\(again.errors)")
        }

        @Test func reprocessNamesAResultItCannotReadAndDoesTheOthers() async throws {
            for (seed, name) in ["a", "b"].enumerated() {
                try folder.write(Pictures.gray(seed: UInt64(seed)), "in/\(name).png")
            }
            let first = try await Child.run("colorize", folder.path + "/in", "--output", output, "--samples", "1")
            #expect(first.code == 0, "\(first.errors)")
            var document = try PublishedFolder(output + "/a").document
            document["variants"] = nil
            try folder.write(JSONSerialization.data(withJSONObject: document), "out/a/a.json")
            let again = try await Child.run("reprocess", output, "--samples", "2")
            #expect(again.code == 1)
            #expect(again.errors.contains("\(output)/a: its metadata is of another version or damaged"))
            #expect(try PublishedFolder(output + "/b").hashes.count == 2)
            #expect(folder.exists("out/a/01.jpg"))
        }

        @Test func resultsInsideTheInputAreNotReadAgain() async throws {
            try folder.write(Pictures.gray(), "in/a.png")
            for _ in 0..<2 {
                let outcome = try await Child.run(
                    "colorize", folder.path + "/in", "--output", folder.path + "/in/out", "--samples", "1")
                #expect(outcome.code == 0, "\(outcome.errors)")
            }
            #expect(folder.list("in/out") == ["a"])
        }

        @Test func aPhotographNamedTwiceIsColoredOnce() async throws {
            let input = try folder.write(Pictures.gray(), "a.png")
            let outcome = try await Child.run(
                "colorize", input, input, folder.path, "--output", output, "--samples", "1")
            #expect(outcome.code == 0, "\(outcome.errors)")
            #expect(outcome.errors.contains("1 coloured, in \(output)\n"))
            #expect(folder.list("out") == ["a"])
        }

        /// Boxes of an archive have numbers for names.
        @Test func foldersWithPhotographsOfOneNameKeepAllResults() async throws {
            for (seed, box) in ["box1", "box2"].enumerated() {
                try folder.write(Pictures.gray(seed: UInt64(seed)), "\(box)/001.png")
            }
            let boxes = [folder.path + "/box1", folder.path + "/box2"]
            func colorize(_ inputs: [String], saying told: String) async throws {
                let outcome = try await Child(["colorize"] + inputs + ["--output", output, "--samples", "1"]).wait()
                #expect(outcome.code == 0 && outcome.errors.contains(told), "\(outcome.errors)")
            }
            try await colorize(boxes, saying: "2 coloured")
            let made = try PublishedFolder.all(below: output)
            #expect(made.flatMap(\.problems) == [] && Set(made.map(\.sourceHash)).count == 2)
            try await colorize(boxes.reversed(), saying: "2 done before")
            // One that has changed replaces its own result alone.
            let kept = made.filter { $0.path != output + "/001" }.map(\.sourceHash)
            let first = try #require(PublishedFolder(output + "/001").document["source"] as? [String: Any])
            let path = try #require(first["path"] as? String)
            try folder.write(Pictures.gray(seed: 9), String(path.dropFirst(folder.path.count + 1)))
            try await colorize(boxes, saying: "1 coloured")
            let now = try PublishedFolder.all(below: output)
            #expect(now.count == 2 && Set(now.map(\.sourceHash)).isSuperset(of: kept))
        }

        @Test func coloredPhotographsFollowThePolicy() async throws {
            let input = Repository.root + "/Tests/Fixtures/chelsea.jpg"
            let skipped = try await Child.run("colorize", input, "--output", output, "--samples", "1")
            #expect(skipped.code == 0 && skipped.errors.contains("left alone: the photograph is already in colour"))
            let rejected = try await Child.run(
                "colorize", input, "--output", output, "--samples", "1", "--colored", "reject")
            #expect(rejected.code == 1 && rejected.errors.contains("already in colour"))
            let again = try await Child.run(
                "colorize", input, "--output", output, "--samples", "1", "--colored", "recolor")
            #expect(again.code == 0)
            #expect(folder.list("out") == ["chelsea"])
        }

        /// The lightness of a lossless variant is the input's.
        @Test(arguments: ["png", "tiff"]) func theLightnessStays(_ format: String) async throws {
            let input = try folder.write(Pictures.gray(256, 256), "a.png")
            let outcome = try await Child.run(
                "colorize", input, "--output", output, "--samples", "2", "--format", format, "--saturation", "2")
            #expect(outcome.code == 0, "\(outcome.errors)")
            try Vips.start()
            let truth = try Photograph.open(path: input).networkLightness().values
            for name in folder.list("out/a").filter({ $0.hasPrefix("0") }) {
                let variant = try Photograph.open(path: output + "/a/" + name)
                #expect(variant.chromaticity == .colored)
                let errors = zip(truth, variant.networkLightness().values).map { abs($0 - $1) }
                // Rounding to 8 bits moves L by up to a third of a unit where the picture is dark.
                #expect(errors.max()! < 0.6, "\(name)")
                #expect(errors.reduce(0, +) / Float(errors.count) < 0.15, "\(name)")
            }
        }
    }
}
