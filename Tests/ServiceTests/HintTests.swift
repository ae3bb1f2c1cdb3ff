import Colorization
import Foundation
import Imaging
import Kernels
import TestSupport
import Testing

@testable import Service

/// What becomes of hints and candidates in results of the model that ships.
@Suite struct HintTests {
    private let folder: TemporaryFolder
    private let pipeline: ColoringPipeline

    init() throws {
        try Vips.start()
        folder = try TemporaryFolder()
        var configuration = Configuration()
        configuration.threads = 2
        pipeline = ColoringPipeline(
            model: try LoadedModel.load(Repository.model), configuration: configuration, decoder: Repository.decoder())
    }

    private func settings(_ change: (inout ColoringSettings) -> Void) -> ColoringSettings {
        var settings = ColoringSettings()
        (settings.samples, settings.candidates, settings.format) = (3, 8, .png)
        (settings.sheet, settings.uncertainty) = (false, false)
        change(&settings)
        return settings
    }

    /// The result of a photograph of 512 × 512 pixels in a folder of its own.
    private func result(_ name: String, _ settings: ColoringSettings) throws -> ResultMetadata {
        let descriptor = open(Repository.root + "/Samples/camera.jpg", O_RDONLY)
        defer { close(descriptor) }
        let source = ColoringRequest.Source(
            name: "camera.jpg", path: "/camera.jpg", root: "/", sha256: String(repeating: "c0", count: 32), bytes: 1,
            modified: Date(timeIntervalSince1970: 0))
        return try pipeline.run(
            ColoringRequest(source: source, settings: settings), reading: descriptor,
            into: try folder.makeFolder(name)
        ) { _ in }
    }

    private func hint(_ x: Int, _ y: Int, _ red: UInt8, _ green: UInt8, _ blue: UInt8) -> ColorHint {
        ColorHint(x: .pixels(x), y: .pixels(y), color: .init(red: red, green: green, blue: blue))
    }

    /// The mode's own factor changes the mode alone.
    @Test func theModeIsAsColorfulAsIsAsked() throws {
        func made(_ factor: Double) throws -> ResultMetadata {
            try result("mode \(factor)", settings { ($0.candidates, $0.modeSaturation) = ($0.samples, factor) })
        }
        let (plain, strong) = (try made(1), try made(2))
        #expect(abs(strong.variants[0].meanChroma / plain.variants[0].meanChroma - 2) < 0.1)
        #expect(strong.variants[0].logLikelihood == plain.variants[0].logLikelihood)
        #expect(strong.variants[0].shownLogLikelihood != plain.variants[0].shownLogLikelihood)
        #expect(strong.variants.dropFirst().map(\.sha256) == plain.variants.dropFirst().map(\.sha256))
        #expect(strong.settings.modeSaturation == 2 && strong.settings.key != plain.settings.key)
    }

    /// A coat, the sky, and two neighbours that contradict each other; one of them is gray.
    @Test func everyVariantHasTheColorsThatWereGiven() throws {
        let hints = [
            hint(80, 245, 32, 40, 74), hint(400, 60, 150, 200, 235), hint(420, 400, 160, 150, 60),
            hint(426, 400, 128, 128, 128),
        ]
        let result = try result("hinted", settings { $0.hints = hints })
        let told = try #require(result.hints)
        #expect(told.count == 4)
        for hint in told { #expect(hint.agrees == true, "\(hint)") }
        #expect(result.variants[0].sample == nil && result.variants[0].shownLogLikelihood != nil)
        #expect(result.settings.key.contains("hints="))
    }

    @Test func whatTheLightnessForbidsIsSaid() throws {
        let result = try result(
            "dark", settings { $0.hints = [hint(150, 300, 255, 255, 0), hint(400, 60, 90, 120, 160)] })
        let told = try #require(result.hints)
        let dark = try #require(told.first { $0.pixel.y == 300 })
        #expect(dark.agrees == false && dark.reason?.contains("lightness") == true)
        #expect(told.first { $0.pixel.y == 60 }?.agrees == true)
    }

    @Test func aGrayPictureFollowsNoHint() throws {
        let result = try result(
            "gray",
            settings {
                $0.hints = [hint(400, 60, 90, 120, 160)]
                $0.saturation = 0
            })
        #expect(result.hints?.first?.agrees == false && result.hints?.first?.reason == "the saturation is 0")
    }

    @Test func aThousandHints() throws {
        let hints = (0..<1000).map { i in
            hint(i * 379 % 512, i * 257 % 509, UInt8(100 + i % 40), UInt8(110 + i % 30), UInt8(90 + i % 50))
        }
        let result = try result("many", settings { ($0.hints, $0.samples) = (hints, 1) })
        let told = try #require(result.hints)
        #expect(told.count == 1000 && told.filter { $0.reason?.contains("near") == true }.count < 50)
    }

    @Test func asManyCandidatesAsVariantsAreTheFirstDraws() throws {
        let all = try result("all", settings { $0.candidates = 3 })
        #expect(all.variants.map(\.sample) == [nil, 0, 1])
        #expect(all.candidates == 3 && all.leftOut == [:])
    }

    @Test func variantsAreChosenOfTheCandidates() throws {
        let chosen = try result("chosen", settings { $0.candidates = 12 })
        #expect(chosen.variants[0].sample == nil && Set(chosen.variants.map(\.sample)).count == 3)
        #expect(chosen.variants.allSatisfy { ($0.sample ?? 0) < 11 })
        #expect(chosen.candidates == 12 && chosen.leftOut?.values.reduce(0, +) == 9)
        #expect(chosen.variants[0].distanceFromMode == 0)
        #expect(chosen.variants.allSatisfy { ($0.distanceFromNearest ?? 0) > 0 })
    }

    /// What the desk shows at once is what a result with the same hints will be.
    @Test func aSessionShowsWhatAResultWillBe() throws {
        let settings = settings { $0.hints = [hint(150, 300, 30, 12, 60)] }
        let result = try result("hinted", settings)
        let photograph = try Photograph.open(path: Repository.root + "/Samples/camera.jpg")
        let source = ColoringRequest.Source(
            name: "camera.jpg", path: "/camera.jpg", root: "/", sha256: String(repeating: "c0", count: 32), bytes: 1,
            modified: Date(timeIntervalSince1970: 0))
        let session = try ColoringSession(
            ColoringRequest(source: source, settings: settings), photograph,
            colorizer: try LoadedModel.load(Repository.model).colorizer, Execution(threads: 1))
        let draws = result.variants.map(result.draw(of:))
        let colorings = try session.colorings(draws, hints: settings.hints)
        for (coloring, variant) in zip(colorings, result.variants) {
            #expect(coloring.sample.logLikelihood == variant.logLikelihood)
            let path = folder.path + "/session.png"
            let renderer = Renderer(photograph)
            _ = try renderer.write(
                coloring.field, to: path, options: OutputOptions(format: .png),
                disclosure: Disclosure(version: "", model: "", modelHash: "", seed: 1))
            let shown = try Photograph.open(path: path).chroma256().values
            let written = try Photograph.open(path: folder.path + "/hinted/" + variant.file).chroma256().values
            #expect(zip(shown, written).allSatisfy { abs($0 - $1) < 0.5 })
        }
        #expect(throws: ColorizationError.self) { try session.colorings([.mode], hints: [hint(512, 0, 1, 2, 3)]) }
    }
}
