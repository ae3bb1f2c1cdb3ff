import Digest
import Foundation
import Spool
import TestSupport
import Testing

@testable import Service

@Suite struct PastResultsTests {
    private let folder: TemporaryFolder
    private var configuration = Configuration()

    init() throws {
        folder = try TemporaryFolder()
        configuration.inbox = try folder.makeFolder("inbox")
        configuration.outbox = try folder.makeFolder("outbox")
        configuration.state = try folder.makeFolder("state")
    }

    /// Writes the metadata of a result as the program does.
    private func result(
        _ place: String, of name: String, at path: String, root: String, content: String, stem: String? = nil
    ) throws {
        let hash = ContentHash(of: Array(content.utf8)).hex
        let document: [String: Any] = [
            "schema": 1, "notice": "", "program": "autochrome",
            "source": [
                "name": name, "path": path, "root": root, "sha256": hash, "bytes": 1,
                "modified": "2026-01-01T00:00:00Z", "format": "png", "width": 1, "height": 1, "bit_depth": 8,
                "chromaticity": "gray",
            ],
            "model": ["name": "m", "sha256": "m", "preset": "compact", "width": 1],
            "settings": [
                "samples": 1, "seed": 1, "temperature": 1, "mode_first": true, "saturation": 1, "format": "jpg",
                "quality": 90, "key": "k",
            ],
            "variants": [], "timings": ["decode": 0, "conditioning": 0, "sampling": 0, "rendering": 0], "warnings": [],
        ]
        let stem = stem ?? (name as NSString).deletingPathExtension
        try folder.write(JSONSerialization.data(withJSONObject: document), "\(place)/\(stem).json")
    }

    private func originals(_ configuration: Configuration? = nil, _ outbox: String = "outbox") throws -> [String] {
        let past = try PastResults(folder.file(outbox), configuration: configuration ?? self.configuration)
        #expect(past.problems == [])
        return past.items.map { String($0.original.display.dropFirst(folder.path.count + 1)) }
    }

    @Test func eachOfOneNameHasItsOwnOriginal() throws {
        var configuration = configuration
        configuration.originals = .archive
        var expected: [String: String] = [:]
        for (content, place) in [("one", "scan"), ("two", "scan-2"), ("three", "scan-3"), ("four", "scan-4")] {
            try result(
                "outbox/" + place, of: "scan.png", at: configuration.inbox + "/scan.png", root: configuration.inbox,
                content: content)
            let tag = content == "one" ? "" : "-" + ContentHash(of: Array(content.utf8)).short
            expected[place] = "state/archive/scan\(tag).png"
            if content != "four" { try folder.write(content, expected[place]!) }
        }
        // The last one's is still in the inbox.
        try folder.write("four", "inbox/scan.png")
        expected["scan-4"] = "inbox/scan.png"
        let past = try PastResults(configuration.outbox, configuration: configuration)
        #expect(past.problems == [])
        let found = past.items.map {
            ("\($0.result.path)", String($0.original.display.dropFirst(folder.path.count + 1)))
        }
        #expect(Dictionary(uniqueKeysWithValues: found) == expected)
        for item in past.items { #expect(item.original.content == item.result.identity.content) }
    }

    /// Which of several results of one name another content belongs to, nobody knows.
    @Test func anotherContentCountsForASingleKeptResult() throws {
        try folder.write("new", "inbox/a.png")
        let source = (configuration.inbox + "/a.png", configuration.inbox)
        try result("outbox/a", of: "a.png", at: source.0, root: source.1, content: "old")
        #expect(try PastResults(configuration.outbox, configuration: configuration).items[0].original.content == nil)
        #expect(
            try PastResults(configuration.outbox + "/a", configuration: configuration).items[0].original.content == nil)
        var deleting = configuration
        deleting.originals = .delete
        let strict = try PastResults(configuration.outbox, configuration: deleting).items[0]
        #expect(strict.original.content == strict.result.identity.content)

        try result("outbox/a-2", of: "a.png", at: source.0, root: source.1, content: "older")
        for path in [configuration.outbox, configuration.outbox + "/a"] {
            for item in try PastResults(path, configuration: configuration).items {
                #expect(item.original.content == item.result.identity.content)
            }
        }
    }

    @Test func anInboxBehindALinkHasAnArchiveToo() throws {
        var configuration = configuration
        configuration.originals = .archive
        try result(
            "outbox/album/a", of: "a.png", at: configuration.inbox + "/album/a.png", root: configuration.inbox,
            content: "a")
        try folder.write("a", "state/archive/album/a.png")
        try FileManager.default.createSymbolicLink(
            atPath: folder.file("link"), withDestinationPath: configuration.inbox)
        configuration.inbox = folder.file("link")
        #expect(try originals(configuration) == ["state/archive/album/a.png"])
    }

    @Test func aFolderWithABackslash() throws {
        for (name, escaped, file) in [(#"in\x41"#, #"b\\c.png"#, #"b\c.png"#), (#"odd\"#, "a.png", "a.png")] {
            let root = try folder.makeFolder(name)
            try folder.write("a", "\(name)/sub/\(file)")
            try result(
                "results \(name)/r", of: escaped, at: "\(root)/sub/\(escaped)", root: root, content: "a",
                stem: (file as NSString).deletingPathExtension)
            let past = try PastResults(folder.file("results \(name)"), configuration: configuration)
            #expect(past.problems == [])
            let found = past.items.map { $0.original.folder.absolute($0.original.relative) }
            #expect(found == [Array("\(root)/sub/\(file)".utf8)])
        }
    }
}
