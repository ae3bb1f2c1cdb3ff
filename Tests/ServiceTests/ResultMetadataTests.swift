import Colorization
import Digest
import Foundation
import Imaging
import Spool
import TestSupport
import Testing

@testable import Files
@testable import Service

@Suite struct ResultMetadataTests {
    /// A photograph coloured by the shipped model into a temporary directory.
    private func result(
        _ sample: String, in folder: TemporaryFolder, _ change: (inout ColoringSettings) -> Void
    ) throws -> ResultMetadata {
        try Vips.start()
        var configuration = Configuration()
        configuration.threads = 1
        let pipeline = ColoringPipeline(
            model: try LoadedModel.load(Repository.model), configuration: configuration, decoder: Repository.decoder())
        let samples = try Folder(Repository.root + "/Samples")
        let path = RelativePath(sample)!
        let file = try samples.openFile(path)
        var settings = ColoringSettings()
        settings.samples = 2
        change(&settings)
        var stages: [ColoringStage] = []
        let request = ColoringRequest(
            source: .init(file, at: path, in: samples, content: try file.hash()), settings: settings)
        let metadata = try pipeline.run(request, reading: file, into: folder.path) { stages.append($0) }
        let inOrder = ColoringStage.allCases + Array(repeating: .rendering, count: settings.samples)
        #expect(stages == inOrder)
        return metadata
    }

    @Test func aRealResultIsAsTheSchemaSays() throws {
        let folder = try TemporaryFolder()
        let metadata = try result("camera.jpg", in: folder) { $0.candidates = 2 }
        let schema = try JSONSchema(Repository.text("etc/metadata.schema.json"))
        #expect(try schema.problems(metadata.encoded()) == [])

        #expect(metadata.schema == 1)
        #expect(metadata.source.sha256 == (try ContentHash(file: Repository.root + "/Samples/camera.jpg")).hex)
        #expect(metadata.model.sha256 == (try ContentHash(file: Repository.model)).hex)
        #expect(metadata.variants.map(\.sample) == [nil, 0])
        #expect(metadata.variants.map(\.file) == ["01.jpg", "02.jpg"])
        for variant in metadata.variants {
            #expect(variant.sha256 == (try ContentHash(file: folder.path + "/" + variant.file)).hex)
            #expect(variant.logLikelihood.isFinite)
        }
        // The mode is denser than any draw.
        #expect(metadata.variants[0].logLikelihood > metadata.variants[1].logLikelihood)
        let files = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
        #expect(files == ["01.jpg", "02.jpg", "sheet.jpg", "uncertainty.png"])
    }

    @Test func whatIsNotWantedIsNotWritten() throws {
        let folder = try TemporaryFolder()
        let metadata = try result("coffee-16bit.tif", in: folder) {
            $0.samples = 1
            $0.sheet = false
            $0.uncertainty = false
            $0.format = .png
            $0.colored = .recolor
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["01.png"])
        #expect(metadata.sheet == nil && metadata.uncertainty == nil)
        #expect(metadata.source.bitDepth == 16)
        let schema = try JSONSchema(Repository.text("etc/metadata.schema.json"))
        #expect(try schema.problems(metadata.encoded()) == [])
    }

    /// A single variant cannot disagree with itself, but it is no less a guess for that.
    @Test func aSingleVariantsMapShowsWhatElseMightBe() throws {
        let folder = try TemporaryFolder()
        let metadata = try result("camera.jpg", in: folder) { $0.samples = 1 }
        #expect(metadata.variants.map(\.file) == ["01.jpg"])
        let page = try Photograph.open(path: folder.path + "/uncertainty.png").rgb256().values
        // The map is the lower of two pictures, above a bar; where samples agree it is gray.
        let map = (140 * 256)..<(230 * 256)
        #expect(map.map { page[$0] - page[65536 + $0] }.max()! > 0.1)
    }

    /// What numbers cannot fill in yet is described too.
    @Test func aResultOfDrawsThatWereChosenIsAsTheSchemaSays() throws {
        let folder = try TemporaryFolder()
        var metadata = try result("camera.jpg", in: folder) {
            $0.candidates = $0.samples
            $0.hints = [
                ColorHint(
                    x: .pixels(7), y: .percent(12.5), color: .init(red: 9, green: 8, blue: 255), radius: .pixels(4))
            ]
        }
        metadata.hints?[0].reached = .init(red: 9, green: 9, blue: 250)
        metadata.hints?[0].agrees = false
        metadata.hints?[0].reason = "the lightness allows no such blue"
        metadata.candidates = 32
        metadata.leftOut = ["tint": 3, "alike": 20]
        metadata.reroll = .init(seed: .max, further: [.init(.mode), .init(.sample(seed: 3, index: 4))])
        metadata.variants[1].shownLogLikelihood = -3
        metadata.variants[1].distanceFromMode = 4.5
        metadata.variants[1].distanceFromNearest = 4
        let schema = try JSONSchema(Repository.text("etc/metadata.schema.json"))
        #expect(try schema.problems(metadata.encoded()) == [])
        metadata.source.modified = Date(timeIntervalSince1970: 1_000_000_000)
        let read = try ResultMetadata.decoded(metadata.encoded())
        #expect(read == metadata)
        let settings = try #require(ColoringSettings(of: read))
        #expect(settings.key == metadata.settings.key)
        let kept: [Int: Draw] = [
            0: .mode, 1: .sample(seed: 1, index: 0), 2: .mode, 3: .sample(seed: 3, index: 4),
        ]
        #expect(read.reroll(under: settings) == Reroll(seed: .max, kept: kept))
        var other = settings
        other.seed = 2
        #expect(read.reroll(under: other) == nil, "another seed asks for other draws")
    }

    /// Whoever makes a result again makes it with all that it was made with.
    @Test func aResultKnowsEverySettingThatItsKeyNames() throws {
        let folder = try TemporaryFolder()
        var made = ColoringSettings()
        let metadata = try result("camera.jpg", in: folder) {
            ($0.samples, $0.candidates, $0.seed, $0.temperature) = (2, 5, 3, 0.5)
            ($0.modeFirst, $0.saturation, $0.modeSaturation) = (false, 1.25, 1.75)
            ($0.quality, $0.subsampling) = (80, .full)
            ($0.sheet, $0.uncertainty, $0.metadata, $0.sidecars) = (false, false, .minimal, .xmp)
            $0.hints = [ColorHint(x: .pixels(7), y: .percent(12.5), color: .init(red: 9, green: 8, blue: 255))]
            made = $0
        }
        let usual = Set(ColoringSettings().key.split(separator: " "))
        #expect(made.key.split(separator: " ").filter { usual.contains($0) } == ["format=jpeg"])
        #expect(try ColoringSettings(of: .decoded(metadata.encoded()))?.key == made.key)
    }

    /// Results from before there were seeds of draws.
    @Test func anOldersDrawsAreOfTheSettingsSeed() throws {
        let folder = try TemporaryFolder()
        var metadata = try result("camera.jpg", in: folder) {
            $0.candidates = $0.samples
            $0.seed = 5
        }
        for index in metadata.variants.indices { metadata.variants[index].seed = nil }
        #expect(metadata.draws == [0: .mode, 1: .sample(seed: 5, index: 0)])
    }

    @Test func choicesAreAsTheirSchemaSays() throws {
        let hash = ContentHash(of: Array("a".utf8))
        let time = Date(timeIntervalSince1970: 1_000_000_000)
        let schema = try JSONSchema(Repository.text("etc/chosen.schema.json"))
        let variant = Choice.Picture(
            variant: 2, file: "02.jpg", sha256: hash, seed: .max, sample: 0, time: time, note: "x")
        let kept = Choice.Picture(
            file: "kept-1234abcd.png", sha256: hash, time: time,
            kept: .init(source: hash, model: hash.hex, settings: "samples=1"))
        for choice in [
            Choice(chosen: variant), Choice(chosen: kept, previous: variant), Choice(chosen: nil, previous: kept),
            Choice(chosen: nil),
        ] {
            #expect(try schema.problems(choice.encoded()) == [])
        }
        let wrong = String(decoding: try Choice(chosen: variant).encoded(), as: UTF8.self)
            .replacingOccurrences(of: "02.jpg", with: "../02.jpg").replacingOccurrences(
                of: "\"schema\" : 1", with: "\"schema\" : 2")
        #expect(try schema.problems(Data(wrong.utf8)).count == 2)
    }

    @Test func theDocumentReadsBack() throws {
        let folder = try TemporaryFolder()
        var metadata = try result("camera.jpg", in: folder) { $0.seed = .max }
        // The document keeps whole seconds.
        metadata.source.modified = Date(timeIntervalSince1970: 1_000_000_000)
        #expect(try ResultMetadata.decoded(metadata.encoded()) == metadata)
    }

    @Test(arguments: [
        ("\"schema\" : 1", "\"schema\" : 2", "$.schema"), ("\"seed\"", "\"sead\"", "'sead' is not described"),
        ("\"sha256\" : \"", "\"sha256\" : \"x", "is not like"), ("\"samples\" : 2", "\"samples\" : 0", "is below"),
        ("\"samples\" : 2", "\"samples\" : \"2\"", "is no integer"),
        ("\"chromaticity\" : \"gray\"", "\"chromaticity\" : \"grey\"", "is none of"),
        ("\"mode_first\" : true", "\"mode_first\" : 0", "is no boolean"),
    ])
    func theCheckerFindsWhatIsWrong(_ old: String, _ new: String, _ expected: String) throws {
        let folder = try TemporaryFolder()
        let text = String(decoding: try result("camera.jpg", in: folder) { _ in }.encoded(), as: UTF8.self)
        #expect(text.contains(old))
        let wrong = text.replacingOccurrences(of: old, with: new)
        let found = try JSONSchema(Repository.text("etc/metadata.schema.json")).problems(Data(wrong.utf8))
        #expect(found.contains { $0.contains(expected) }, "\(found)")
    }
}
