import Digest
import Foundation
import TestSupport
import Testing

@testable import Files
@testable import Spool

@Suite struct RelativePathTests {
    @Test(arguments: ["/a", "a/", "a//b", ".", "..", "a/../b", "a/./b", "a\0b", "../a"])
    func refusesWhatCouldLeadOut(_ text: String) {
        #expect(RelativePath(text) == nil)
    }

    @Test(arguments: [
        ("album/grandma.tif", "album/grandma.tif"),
        ("Großmutter 祖母 👵.tif", "Großmutter 祖母 👵.tif"),
        ("two\nlines\t.png", "two\\x0Alines\\x09.png"),
        ("back\\slash", "back\\\\slash"),
        ("\u{202E}gpj.exe", "\\xE2\\x80\\xAEgpj.exe"),
        ("e\u{301}", "e\u{301}"),
    ])
    func escapesForPeople(_ path: String, _ escaped: String) throws {
        let path = try #require(RelativePath(path))
        #expect(path.description.unicodeScalars.elementsEqual(escaped.unicodeScalars))
        #expect(RelativePath(escaped: escaped) == path)
    }

    @Test func escapesInvalidText() throws {
        let path = try #require(RelativePath(bytes: [0x61, 0xFF, 0xC3, 0x2E, 0xE2, 0x82]))
        #expect(path.description == "a\\xFF\\xC3.\\xE2\\x82")
    }

    @Test(arguments: [1, 2, 3] as [UInt64])
    func escapingLosesNothing(_ seed: UInt64) throws {
        var generator = SeededGenerator(seed)
        for _ in 0..<500 {
            let count = Int.random(in: 1...40, using: &generator)
            let bytes = (0..<count).map { _ in UInt8.random(in: 1...255, using: &generator) }
            guard let path = RelativePath(bytes: bytes) else { continue }
            #expect(RelativePath(escaped: path.description) == path, "seed \(seed), bytes \(bytes)")
            let coded = try JSONDecoder().decode(RelativePath.self, from: JSONEncoder().encode(path))
            #expect(coded == path, "seed \(seed), bytes \(bytes)")
            #expect(!path.description.unicodeScalars.contains { $0.value < 32 || $0.value == 127 })
        }
    }

    @Test(arguments: ["a\\", "a\\x", "a\\xG0", "a\\x1", "a\\n", "a\\x+1"])
    func refusesWhatEscapingNeverGives(_ text: String) {
        #expect(RelativePath(escaped: text) == nil)
    }

    @Test func takesNamesApart() throws {
        let path = try #require(RelativePath("album/summer/grand.ma.tif"))
        #expect(Array(path.name) == Array("grand.ma.tif".utf8))
        #expect(Array(path.stem) == Array("grand.ma".utf8))
        #expect(Array(path.suffix) == Array(".tif".utf8))
        #expect(path.parent == RelativePath("album/summer"))
        #expect(path.parent.parent.parent == .root)
        #expect(path.isInside(RelativePath("album")!))
        #expect(!RelativePath("albums/a")!.isInside(RelativePath("album")!))
        #expect(Array(RelativePath("plain")!.stem) == Array("plain".utf8))
        #expect(RelativePath("plain")!.suffix.isEmpty)
    }

    @Test func shortensStemsWithinACharacter() {
        let long = RelativePath(String(repeating: "ä", count: 125) + ".tif")!
        let other = RelativePath(String(repeating: "ä", count: 124) + "o.tif")!
        let stem = ResultName.stem(of: long)
        #expect(stem.count <= 180)
        #expect(String(validating: stem, as: UTF8.self) != nil)
        #expect(stem != ResultName.stem(of: other))
        #expect(ResultName.stem(of: RelativePath("a/short.tif")!) == Array("short".utf8))
    }
}

@Suite struct ContentHashTests {
    @Test func agreesWithTheStandard() {
        let expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        #expect(ContentHash(of: Data("abc".utf8)).hex == expected)
        #expect(ContentHash(hex: expected) == ContentHash(of: Data("abc".utf8)))
        #expect(ContentHash(of: Data("abc".utf8)).short == "ba7816bf")
        #expect(
            ContentHash(of: Data()).hex == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
    }

    @Test(arguments: ["", "ba78", String(repeating: "g", count: 64), String(repeating: "+1", count: 32)])
    func refusesWhatIsNoHash(_ text: String) {
        #expect(ContentHash(hex: text) == nil)
    }

    @Test func streamsFilesLargerThanItsBuffer() throws {
        let spool = try TemporarySpool()
        let content = String(repeating: "0123456789abcdef", count: 40_000)
        let stamp = try spool.drop("large", content)
        let file = try Folder(spool.configuration.inbox).openFile(RelativePath("large")!, expecting: stamp)
        #expect(try file.hash() == ContentHash(of: Data(content.utf8)))
    }

    @Test func noticesAFileThatGrowsMeanwhile() throws {
        let spool = try TemporarySpool()
        let stamp = try spool.drop("growing", "a")
        let inbox = try Folder(spool.configuration.inbox)
        let file = try inbox.openFile(RelativePath("growing")!, expecting: stamp)
        try spool.drop("growing", "ab")
        #expect(throws: FileError.changed(path: inbox.path + "/growing")) { try file.hash() }
        #expect(throws: FileError.changed(path: inbox.path + "/growing")) {
            _ = try inbox.openFile(RelativePath("growing")!, expecting: stamp)
        }
    }

    /// What is put in a file's place, or in that of a folder above it, is neither followed nor held against the file.
    @Test func noticesWhatIsNoFileAnyMore() throws {
        let spool = try TemporarySpool()
        let stamp = try spool.drop("a/file", "a")
        let inbox = try Folder(spool.configuration.inbox)
        let path = inbox.path + "/a/file"
        func expectChange() {
            #expect(throws: FileError.changed(path: path)) {
                _ = try inbox.openFile(RelativePath("a/file")!, expecting: stamp)
            }
        }
        unlink(path)
        symlink("/etc/passwd", path)
        expectChange()
        unlink(path)
        mkfifo(path, 0o600)
        expectChange()
        unlink(path)
        mkdir(path, 0o700)
        expectChange()
        rename(inbox.path + "/a", inbox.path + "/b")
        symlink("b", inbox.path + "/a")
        expectChange()
    }
}
