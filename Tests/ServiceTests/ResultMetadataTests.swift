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
        let metadata = try result("camera.jpg", in: folder) { _ in }
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
