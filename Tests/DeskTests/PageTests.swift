import CZlib
import Foundation
import NIOHTTP1
import TestSupport
import Testing

@testable import Desk

/// The files that the page is made of.
@Suite struct PageTests {
    private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appendingPathComponent("Sources/Desk/Page")

    @Test func filesComePackedToWhomCanUnpackThem() throws {
        let desk = try TestDesk()
        for name in ["main.js", "room.css", "icon.svg", "openapi.json"] {
            let file = try Data(contentsOf: Self.folder.appendingPathComponent(name))
            let plain = try desk.get("/page/\(name)")
            let packed = try desk.get("/page/\(name)", ["Accept-Encoding": "br, GZIP;q=0.8"])
            #expect(plain.body == file && plain.headers["content-encoding"] == nil)
            #expect(
                packed.headers["content-encoding"] == "gzip"
                    && packed.headers["content-length"] == "\(packed.body.count)")
            #expect(try unpacked(packed.body) == file)
            for answer in [plain, packed] { #expect(answer.headers["vary"] == "accept-encoding") }
        }
    }

    /// A cache that has one form of a file must not be told that it has the other.
    @Test func eachFormOfAFileHasATagOfItsOwn() throws {
        let desk = try TestDesk()
        let coding = ["Accept-Encoding": "gzip"]
        let plain = try #require(desk.get("/page/main.js").headers["etag"])
        let packed = try #require(desk.get("/page/main.js", coding).headers["etag"])
        #expect(plain != packed)
        func status(_ tag: String, _ headers: [String: String]) throws -> Int {
            try desk.get("/page/main.js", headers.merging(["If-None-Match": tag]) { $1 }).status
        }
        #expect(try status(plain, [:]) == 304 && status(packed, coding) == 304)
        #expect(try status(packed, [:]) == 200 && status(plain, coding) == 200)
        let known = try desk.get("/page/main.js", ["If-None-Match": packed, "Accept-Encoding": "gzip"])
        #expect(known.body.isEmpty && known.headers["vary"] == "accept-encoding")
    }

    @Test(arguments: [
        (nil, false), ("", false), ("gzip", true), ("deflate, gzip", true), ("gzip;q=0", false), ("gzip; q=0.0", false),
        ("gzip;q=1.0, br", true), ("xgzip", false), ("identity", false), ("br;q=0, gzip;q=0.5", true),
    ])
    func codingsAreRead(_ header: String?, isAccepted: Bool) {
        #expect(Gzip.isAccepted(header) == isAccepted)
    }

    /// What the first view needs is asked for at once, and nothing else is.
    @Test func theFirstViewsModulesAreLoadedAhead() throws {
        func text(_ name: String) throws -> String {
            try String(contentsOf: Self.folder.appendingPathComponent(name), encoding: .utf8)
        }
        var needed: Set<String> = []
        var waiting = ["main.js"]
        while let name = waiting.popLast() {
            for match in try text(name).matches(of: /from "\.\/(\w+\.js)";/)
            where needed.insert(String(match.1)).inserted {
                waiting.append(String(match.1))
            }
        }
        let preloads = try text("index.html").matches(of: /rel="modulepreload" href="\/page\/(\w+\.js)"/)
        let scripts = try text("index.html").matches(of: /src="\/page\/(\w+\.js)"/)
        #expect(Set((preloads.map(\.1) + scripts.map(\.1)).map(String.init)) == needed.union(["main.js"]))
        #expect(!needed.contains("photograph.js"))
    }

    private func unpacked(_ data: Data) throws -> Data {
        let folder = try TemporaryFolder()
        let file = try #require(gzopen(folder.write(data, "packed"), "rb"))
        defer { gzclose(file) }
        var bytes = [UInt8](repeating: 0, count: 1 << 20)
        let count = gzread(file, &bytes, UInt32(bytes.count))
        return Data(bytes.prefix(Int(count)))
    }
}
