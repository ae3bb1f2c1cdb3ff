import Colorization
import Foundation
import Imaging
import Spool
import TestSupport
import Testing

@testable import Files
@testable import Service

@Suite struct ColoringPipelineTests {
    /// What is decoded then is not what was hashed.
    @Test(arguments: [ColoringStage.decoding, .rendering])
    func aPhotographThatGrowsInHandIsGivenUp(stage: ColoringStage) throws {
        try Vips.start()
        var configuration = Configuration()
        configuration.threads = 1
        let pipeline = ColoringPipeline(
            model: try LoadedModel.load(Repository.model), configuration: configuration, decoder: Repository.decoder())
        let folder = try TemporaryFolder()
        let photograph = try Data(contentsOf: URL(fileURLWithPath: Repository.root + "/Samples/camera.jpg"))
        let path = try folder.write(photograph, "camera.jpg")
        let place = try Folder(folder.path)
        let name = RelativePath("camera.jpg")!
        let file = try place.openFile(name)
        var settings = ColoringSettings()
        settings.samples = 1
        let request = ColoringRequest(
            source: .init(file, at: name, in: place, content: try file.hash()), settings: settings)
        let output = try folder.makeFolder("output")
        #expect(throws: FileError.changed(path: path)) {
            _ = try pipeline.run(request, reading: file, into: output) {
                if $0 == stage { try folder.write(photograph + Data("more".utf8), "camera.jpg") }
            }
        }
    }
}
