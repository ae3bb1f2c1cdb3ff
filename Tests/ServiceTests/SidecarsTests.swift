import Foundation
import Spool
import TestSupport
import Testing

@testable import Files
@testable import Service

@Suite struct SidecarsTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func samples(_ path: RelativePath) throws -> Int {
        try Sidecars.resolve(Configuration(), root: folder.path, relative: path).coloring.samples
    }

    @Test func theNearestSettingsHold() throws {
        try folder.write("samples: 2\nseed: 10\nquality: 50", ".autochrome.yaml")
        try folder.write("samples: 3\nseed: 11", "album/.autochrome.yaml")
        try folder.write("samples: 4", "album/grandma.tif.autochrome.yaml")
        let coloring = try Sidecars.resolve(
            Configuration(), root: folder.path, relative: RelativePath("album/grandma.tif")!
        ).coloring
        #expect(coloring.samples == 4 && coloring.seed == 11 && coloring.quality == 50)
        #expect(try samples(RelativePath("album/other.tif")!) == 3)
        #expect(try samples(RelativePath("other/grandma.tif")!) == 2)
        #expect(try samples(RelativePath("grandma.tif")!) == 2)
    }

    @Test(arguments: [
        Array("new\nline.jpg".utf8), Array("two  spaces .jpg".utf8), [0x67, 0xE9, 0xFF] + Array(".jpg".utf8),
        Array("-rf.jpg".utf8), [UInt8](repeating: 0x61, count: 200) + Array(".jpg".utf8),
    ])
    func namesOfAnyBytesHaveSettings(_ name: [UInt8]) throws {
        var file = (folder.path + "/").utf8.map { CChar(bitPattern: $0) }
        file += (name + Array(".autochrome.yaml".utf8)).map { CChar(bitPattern: $0) } + [0]
        let descriptor = open(file, O_WRONLY | O_CREAT, 0o600)
        try #require(descriptor >= 0)
        let text = Array("samples: 5".utf8)
        #expect(write(descriptor, text, text.count) == text.count)
        close(descriptor)
        #expect(try samples(RelativePath.root.appending(name)) == 5)
    }

    /// The settings' file of a name this long cannot exist.
    @Test func aNameTooLongForSettingsHasNone() throws {
        #expect(try samples(RelativePath.root.appending([UInt8](repeating: 0x61, count: 255))) == 8)
    }

    @Test(arguments: ["inbox: /elsewhere", "workers: 4", "model: /x", "log_level: debug"])
    func oneImageCannotSetTheService(_ yaml: String) throws {
        try folder.write(yaml, "a.jpg.autochrome.yaml")
        let key = String(yaml.prefix { $0 != ":" })
        #expect(
            complaint { _ = try samples(RelativePath("a.jpg")!) }
                == "\(folder.path)/a.jpg.autochrome.yaml:1: '\(key)' cannot be set for one image or folder")
    }

    @Test func onlyColoringSettingsAreForOneImage() {
        #expect(Setting.all.filter { $0.scope == .image }.map(\.key) == Setting.coloring.map(\.key))
    }

    @Test func wrongSettingsAreNamed() throws {
        try folder.write("samples: 1000", "album/.autochrome.yaml")
        let found = complaint { _ = try samples(RelativePath("album/a.jpg")!) }
        #expect(found == "\(folder.path)/album/.autochrome.yaml: samples must be 1 to 99, not 1000")
    }

    @Test func linksAndFoldersAreNoSettings() throws {
        let secret = try folder.write("samples: 3", "secret.yaml")
        try FileManager.default.createSymbolicLink(
            atPath: folder.path + "/a.jpg.autochrome.yaml", withDestinationPath: secret)
        try FileManager.default.createDirectory(
            atPath: folder.path + "/b.jpg.autochrome.yaml", withIntermediateDirectories: false)
        #expect(mkfifo(folder.path + "/c.jpg.autochrome.yaml", 0o600) == 0)
        for name in ["a.jpg", "b.jpg", "c.jpg"] { #expect(try samples(RelativePath(name)!) == 8) }
    }
}
