import Digest
import Foundation
import Imaging
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
            #expect(grid.chromaticity == .coloured)
            let formats = ["jpg": "jpeg", "jpeg": "jpeg", "png": "png", "webp": "webp", "tif": "tiff", "tiff": "tiff"]
            #expect(grid.format.rawValue == formats[ending])
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
