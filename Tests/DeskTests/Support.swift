import Digest
import Files
import Foundation
import Logging
import Service
import TestSupport
import Testing

@testable import Colorization
@testable import Desk

/// A desk of one test: its folders, results made by hand, and a server that listens.
final class TestDesk {
    let folder: TemporaryFolder
    /// The port that it listens at; 0 for a UNIX socket.
    let port: Int
    private let place: DeskOptions.Place
    private let server: DeskServer
    var configuration: Configuration

    init(
        token: String? = nil, configure: (inout DeskOptions) -> Void = { _ in },
        prepare: (TestDesk.Folders) throws -> Void = { _ in }
    ) throws {
        folder = try TemporaryFolder()
        let folders = Folders(folder: folder)
        for name in ["inbox", "outbox", "state"] { try folder.makeFolder(name) }
        try prepare(folders)
        var options = DeskOptions()
        options.place = .address(host: "127.0.0.1", port: 0)
        configure(&options)
        if let token {
            try folder.write(token + "\n", "token")
            chmod(folder.file("token"), 0o600)
            options.tokenFile = folder.file("token")
        }
        configuration = Configuration()
        configuration.inbox = folder.file("inbox")
        configuration.outbox = folder.file("outbox")
        configuration.state = folder.file("state")
        server = try DeskServer(
            configuration: configuration, options: options,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
            manager: ServiceManager(environment: [:]))
        server.start()
        port = URL(string: server.addresses[0])?.port ?? 0
        place = options.place
    }

    deinit { try? server.stop() }

    /// Waits until the outbox is read.
    func ready() throws -> TestDesk {
        #expect(try eventually { try get("/readyz").status == 200 })
        return self
    }

    /// Results made by hand.
    struct Folders {
        let folder: TemporaryFolder

        /// Writes a result whose pictures are a few bytes each.
        @discardableResult
        func result(_ path: String, name: String? = nil, variants: Int = 3, warnings: [String] = []) throws -> String {
            let stem = (path as NSString).lastPathComponent
            var listed: [ResultMetadata.Variant] = []
            for number in 1...variants {
                let bytes = Data([0xFF, 0xD8, 0xFF]) + Data("\(path) \(number)".utf8)
                let file = String(format: "%02d.jpg", number)
                try folder.write(bytes, "outbox/\(path)/\(file)")
                listed.append(
                    .init(
                        file: file, sha256: ContentHash(of: bytes).hex, seed: number == 1 ? nil : 1,
                        sample: number == 1 ? nil : number - 2, logLikelihood: -1, meanChroma: 10, clippedPixels: 0))
            }
            let metadata = ResultMetadata(
                program: "Autochrome test",
                source: .init(
                    name: name ?? stem + ".jpg", path: "/secret/place/\(stem).jpg", root: "/secret/place",
                    sha256: ContentHash(of: Array(path.utf8)).hex, bytes: 10,
                    modified: Date(timeIntervalSince1970: 1e9), format: "jpeg", width: 640, height: 480, bitDepth: 8,
                    chromaticity: "gray", captured: nil),
                model: .init(name: "m", sha256: String(repeating: "0", count: 64), preset: "compact", width: 0.5),
                settings: .init(
                    samples: variants, seed: 1, temperature: 0.7, modeFirst: true, saturation: 1, format: "jpeg",
                    quality: 92, key: "key"),
                variants: listed, sheet: nil, uncertainty: nil, timings: .init(), warnings: warnings)
            try folder.write(metadata.encoded(), "outbox/\(path)/\(stem).json")
            return path
        }
    }

    var folders: Folders { Folders(folder: folder) }

    // MARK: Requests

    /// Sends a request as a program would.
    func send(
        _ method: String, _ path: String, _ headers: [String: String] = [:], body: Data? = nil
    ) throws -> Answer {
        var lines = ["\(method) \(path) HTTP/1.1"]
        var headers = headers
        if headers["Host"] == nil { headers["Host"] = "127.0.0.1:\(port)" }
        headers["Connection"] = "close"
        if let body { headers["Content-Length"] = headers["Content-Length"] ?? "\(body.count)" }
        lines += headers.map { "\($0.key): \($0.value)" }
        let wire = if case .socket(let path) = place { try Wire(socket: path) } else { try Wire(port: port) }
        wire.send(Data((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8) + (body ?? Data()))
        return try wire.answer()
    }

    func get(_ path: String, _ headers: [String: String] = [:]) throws -> Answer { try send("GET", path, headers) }

    /// Sends JSON as the page does.
    func post(_ path: String, _ json: String, _ headers: [String: String] = [:], method: String = "POST") throws
        -> Answer
    {
        var all = ["Content-Type": "application/json", "X-CSRF-Token": try csrf()]
        all.merge(headers) { $1 }
        return try send(method, path, all, body: Data(json.utf8))
    }

    func upload(_ bytes: [UInt8], _ query: String, _ headers: [String: String] = [:]) throws -> Answer {
        var all = ["Content-Type": "application/octet-stream", "X-CSRF-Token": try csrf()]
        all.merge(headers) { $1 }
        return try send("POST", "/api/v1/uploads?\(query)", all, body: Data(bytes))
    }

    func csrf() throws -> String { try get("/api/v1/session").json()["csrf"] as? String ?? "" }

    /// The results of a list.
    func list(_ query: String = "") throws -> [[String: Any]] {
        try get("/api/v1/results?\(query)").json()["results"] as? [[String: Any]] ?? []
    }

    /// The id of the result whose photograph has a name.
    func id(_ name: String) throws -> String {
        let entry = try list("limit=200").first { $0["name"] as? String == name }
        return try #require(entry?["id"] as? String)
    }
}

/// The smallest files that begin as photographs do.
enum Begin {
    static let png: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A] + Array("the rest of a picture".utf8)
    static let jpeg: [UInt8] = [0xFF, 0xD8, 0xFF, 0xE0] + Array("the rest of a picture".utf8)
}
