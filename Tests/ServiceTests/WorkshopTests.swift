@testable import Files
import Colorization
import Foundation
import Imaging
import Spool
import TestSupport
import Testing

@testable import Service

@Suite struct WorkshopTests {
    @Test func aReloadSharesTheMemoryOfWhatIsInHand() throws {
        var configuration = Configuration()
        configuration.memoryMegapixels = 10
        let model = try LoadedModel.load(Repository.model)
        let old = Workshop(model: model, configuration: configuration, decoder: Repository.decoder())
        configuration.memoryMegapixels = 20
        let new = old.replaced(model: model, configuration: configuration)
        #expect(new.budget === old.budget)
    }

    /// What is decoded then is not what was hashed.
    @Test(arguments: [ColoringStage.decoding, .rendering])
    func aPhotographThatGrowsInHandIsGivenUp(stage: ColoringStage) throws {
        try Vips.start()
        var configuration = Configuration()
        configuration.threads = 1
        let workshop = Workshop(
            model: try LoadedModel.load(Repository.model), configuration: configuration, decoder: Repository.decoder())
        let folder = try TemporaryFolder()
        let photograph = try Data(contentsOf: URL(fileURLWithPath: Repository.root + "/Samples/camera.jpg"))
        let path = try folder.write(photograph, "camera.jpg")
        let place = try Folder(folder.path)
        let name = RelativePath("camera.jpg")!
        let file = try place.openFile(name)
        let order = Workshop.Order(folder: place, relative: name, content: try file.hash())
        var settings = ColoringSettings()
        settings.samples = 1
        let output = try folder.makeFolder("output")
        #expect(throws: FileError.changed(path: path)) {
            _ = try workshop.make(order, of: file, settings: settings, into: output) {
                if $0 == stage { try folder.write(photograph + Data("more".utf8), "camera.jpg") }
            }
        }
    }
}
