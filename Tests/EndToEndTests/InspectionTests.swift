import Digest
import Foundation
import Imaging
import TestSupport
import Testing

/// The commands that look at a model and do not keep results.
extension EndToEnd {
    @Suite struct InspectionTests {
        private let folder: TemporaryFolder

        init() throws { folder = try TemporaryFolder() }

        @Test func theModelIsDescribed() async throws {
            let outcome = try await Child.run("model", "--json")
            #expect(outcome.code == 0 && outcome.errors == "")
            let json = try outcome.json
            #expect(json["sha256"] as? String == (try ContentHash(file: Repository.model)).hex)
            #expect(json["preset"] as? String == "compact")
            #expect(try #require(json["parameters"] as? Int) > 1_000_000)
            #expect(json["training"] is [String: Any])
            let text = try await Child.run("model", Repository.model)
            #expect(text.code == 0 && text.output.contains("preset      compact"))
        }

        @Test func theBenchmarkTimesEachStage() async throws {
            let outcome = try await Child.run(
                "bench", "--preset", "compact", "--rounds", "1", "--samples", "2", "--threads", "1", "--json")
            #expect(outcome.code == 0)
            let json = try outcome.json
            #expect(json["preset"] as? String == "compact")
            #expect(json["samples"] as? Int == 2)
            #expect(json["threads"] as? Int == 1)
            let seconds = try #require(json["seconds"] as? [String: Double])
            for stage in [
                "decode", "features", "heads", "conditioning", "sampling", "sample", "upsampling", "encoding",
            ] {
                #expect(try #require(seconds[stage], "\(stage)") > 0, "\(stage)")
            }
            let rates = try #require(json["direct_gflops"] as? [String: Double])
            #expect(try #require(rates["conditioning"]) > 0)
            #expect(try #require(rates["sampling"]) > 0)
        }

        @Test func theBenchmarkTimesManySmallPhotographs() async throws {
            let outcome = try await Child.run("bench", "--pipeline", "3", "--threads", "1", "--json")
            #expect(outcome.code == 0, "\(outcome.errors)")
            let json = try outcome.json
            #expect(json["photographs"] as? Int == 3 && json["threads"] as? Int == 1)
            let seconds = try #require(json["seconds"] as? Double)
            #expect(abs(try #require(json["images_per_minute"] as? Double) - 180 / seconds) < 1e-6 / seconds)
            let stages = try #require(json["stages"] as? [String: Double])
            #expect(Set(stages.keys) == ["decode", "conditioning", "sampling", "rendering", "rest"])
            #expect(stages.values.allSatisfy { $0 > 0 })
            #expect(try #require(json["processor_seconds"] as? Double) > 0)
            #expect((0..<1).contains(try #require(json["idle"] as? Double)))
        }

        @Test func anEvaluationHasEveryFigureWithItsError() async throws {
            let outcome = try await Child.run(
                "evaluate", Repository.root + "/Tests/Fixtures", "--samples", "2", "--limit", "2", "--json")
            #expect(outcome.code == 0, "\(outcome.errors)")
            let json = try outcome.json
            #expect(json["images"] as? Int == 2)
            #expect(json["samples"] as? Int == 2)
            for key in ["best_of_n", "of_1", "mode", "mean", "gray", "variance", "nll_per_dim", "bits_per_dim"] {
                let figure = try #require(json[key] as? [String: Double], "\(key)")
                #expect(figure["mean"]?.isFinite == true, "\(key)")
                #expect(try #require(figure["error"], "\(key)") >= 0, "\(key)")
            }
            let best = try #require((json["best_of_n"] as? [String: Double])?["mean"])
            #expect(try #require((json["of_1"] as? [String: Double])?["mean"]) >= best)
            let again = try await Child.run(
                "evaluate", Repository.root + "/Tests/Fixtures", "--samples", "2", "--limit", "2", "--json",
                "--threads", "1")
            #expect(again.output == outcome.output, "the same seed gives the same figures with any threads")
            let calm = try await Child.run(
                "evaluate", Repository.root + "/Tests/Fixtures", "--samples", "2", "--limit", "2", "--json",
                "--temperature", "0.5"
            ).json
            #expect(calm["temperature"] as? Double == 0.5 && json["temperature"] as? Double == 1)
            #expect((calm["of_1"] as? [String: Double])?["mean"] != (json["of_1"] as? [String: Double])?["mean"])
            #expect((calm["mode"] as? [String: Double])?["mean"] == (json["mode"] as? [String: Double])?["mean"])
            let hinted = try await Child.run(
                "evaluate", Repository.root + "/Tests/Fixtures", "--samples", "2", "--limit", "2", "--json",
                "--candidates", "6", "--hints", "20"
            ).json
            #expect(hinted["candidates"] as? Int == 6 && hinted["hints"] as? Int == 20 && json["hints"] as? Int == 0)
            func mode(_ json: [String: Any]) throws -> Double {
                try #require((json["mode"] as? [String: Double])?["mean"])
            }
            #expect(try mode(hinted) < 0.9 * mode(json))
            let strong = try await Child.run(
                "evaluate", Repository.root + "/Tests/Fixtures", "--samples", "2", "--limit", "2", "--json",
                "--mode-saturation", "2"
            ).json
            func colorful(_ json: [String: Any], _ picture: String) throws -> Double {
                try #require((json[picture + "_colorful"] as? [String: Double])?["mean"])
            }
            #expect(try colorful(strong, "mode") > 1.5 * colorful(json, "mode"))
            #expect(try colorful(strong, "true") == colorful(json, "true"))
            #expect((strong["of_1"] as? [String: Double])?["mean"] == (json["of_1"] as? [String: Double])?["mean"])
        }

        @Test(arguments: ["jpg", "png", "webp", "tif", "tiff", "jpeg"])
        func theGridIsWritten(_ ending: String) async throws {
            let input = try folder.write(Pictures.gray(96, 72), "a.png")
            let output = folder.path + "/grid." + ending
            let outcome = try await Child.run(
                "interpolate", input, "--output", output, "--grid", "3", "--size", "96")
            #expect(outcome.code == 0, "\(outcome.errors)")
            try Vips.start()
            let grid = try Photograph.open(path: output)
            #expect(grid.width >= 3 * 96 && grid.height >= 3 * 72)
            #expect(grid.chromaticity == .colored)
            let formats = ["jpg": "jpeg", "jpeg": "jpeg", "png": "png", "webp": "webp", "tif": "tiff", "tiff": "tiff"]
            #expect(grid.format.rawValue == formats[ending])
        }

        @Test func theWorstAndTheBestAreShown() async throws {
            let sheets = folder.path + "/sheets"
            let outcome = try await Child.run(
                "evaluate", Repository.root + "/Tests/Fixtures", "--samples", "2", "--limit", "3", "--sheets", sheets,
                "--csv", folder.path + "/figures.csv")
            #expect(outcome.code == 0, "\(outcome.errors)")
            #expect(folder.list("sheets") == ["best.jpg", "worst.jpg"])
            try Vips.start()
            // Truth, gray, regression, mode and two samples of three photographs, 12 pixels between them.
            let sheet = try Photograph.open(path: sheets + "/best.jpg")
            #expect(sheet.width == 6 * 268 + 12 && sheet.height == 3 * 268 + 12)
            #expect(sheet.chromaticity == .colored)
            #expect(folder.read("sheets/best.jpg") != folder.read("sheets/worst.jpg"))
            let csv = String(decoding: try #require(folder.read("figures.csv")), as: UTF8.self)
            #expect(csv.split(separator: "\n").count == 4)
        }

        @Test func singlePicturesOfAGridHaveTheirFullSize() async throws {
            let input = try folder.write(Pictures.gray(96, 72), "a.png")
            let outcome = try await Child.run(
                "interpolate", input, "--images", folder.path + "/frames", "--grid", "3")
            #expect(outcome.code == 0, "\(outcome.errors)")
            let names = (1...3).flatMap { row in (1...3).map { "0\(row)-0\($0).jpg" } }
            #expect(folder.list("frames") == names)
            try Vips.start()
            let pictures = try names.map { try Photograph.open(path: folder.path + "/frames/" + $0) }
            #expect(pictures.allSatisfy { $0.width == 96 && $0.height == 72 })
            #expect(Set(names.compactMap { folder.read("frames/" + $0) }).count == 9)
        }

        /// Only one level is drawn anew: the finest changes the mean colour of large areas less than the coarsest.
        @Test func aLevelVariesAlone() async throws {
            let input = try folder.write(Pictures.gray(96, 72), "a.png")
            var spreads: [Float] = []
            try Vips.start()
            for level in [2, 5] {
                let frames = folder.path + "/frames\(level)"
                let outcome = try await Child.run(
                    "interpolate", input, "--images", frames, "--output", folder.path + "/\(level).png", "--grid", "3",
                    "--vary", "\(level)")
                #expect(outcome.code == 0, "\(outcome.errors)")
                let names = folder.list("frames\(level)")
                #expect(names.count == 9)
                let means = try names.map { name -> Float in
                    let chroma = try Photograph.open(path: frames + "/" + name).chroma64().values
                    return chroma.prefix(4096).reduce(0, +) / 4096
                }
                let mean = means.reduce(0, +) / 9
                spreads.append(means.reduce(0) { $0 + ($1 - mean) * ($1 - mean) })
            }
            #expect(spreads[1] > 3 * spreads[0] && spreads[0] > 0, "\(spreads)")
            let centers = try [2, 5].map { try #require(folder.read("frames\($0)/02-02.png")) }
            #expect(centers[0] == centers[1])
        }

        @Test func aGridThatCannotBeWrittenIsNamed() async throws {
            let input = try folder.write(Pictures.gray(), "a.png")
            let nowhere = try await Child.run("interpolate", input, "--output", folder.path + "/none/grid.png")
            #expect(nowhere.code == 1 && nowhere.errors.contains(folder.path + "/none/grid.png"), "\(nowhere.errors)")
            let nothing = try await Child.run(
                "interpolate", folder.path + "/b.png", "--output", folder.path + "/grid.png")
            #expect(nothing.code == 1 && nothing.errors.contains(folder.path + "/b.png"))
        }
    }
}
