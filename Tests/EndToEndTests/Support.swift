import Digest
import Foundation
import Testing

/// All tests of the program, one after another, since each keeps the machine busy.
@Suite(.serialized) struct EndToEnd {}

/// A temporary directory that goes with the test, its links resolved.
final class TemporaryFolder {
    let path: String

    init() throws {
        var template = Array((NSTemporaryDirectory() + "/autochrome-e2e-XXXXXX").utf8CString)
        guard mkdtemp(&template) != nil, let resolved = realpath(template, nil) else {
            throw POSIXError(.init(rawValue: errno) ?? .EIO)
        }
        defer { free(resolved) }
        path = String(cString: resolved)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// Writes a file, making the folders above it, and returns its path.
    @discardableResult
    func write(_ bytes: some Sequence<UInt8>, _ name: String) throws -> String {
        try write(bytes, Array(name.utf8))
        return path + "/" + name
    }

    /// Writes a file whose name may be any bytes.
    func write(_ bytes: some Sequence<UInt8>, _ name: [UInt8]) throws {
        if let slash = name.lastIndex(of: UInt8(ascii: "/")) {
            try makeFolder(String(decoding: name[..<slash], as: UTF8.self))
        }
        let file = open(Self.cString(path, name), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard file >= 0 else { throw POSIXError(.init(rawValue: errno) ?? .EIO) }
        try FileHandle(fileDescriptor: file, closeOnDealloc: true).write(contentsOf: Data(bytes))
    }

    @discardableResult
    func makeFolder(_ name: String) throws -> String {
        try FileManager.default.createDirectory(atPath: path + "/" + name, withIntermediateDirectories: true)
        return path + "/" + name
    }

    /// The content of a file whose name may be any bytes.
    func read(_ name: [UInt8]) -> Data? {
        let file = open(Self.cString(path, name), O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return nil }
        return try? FileHandle(fileDescriptor: file, closeOnDealloc: true).readToEnd() ?? Data()
    }

    func read(_ name: String) -> Data? { read(Array(name.utf8)) }

    func exists(_ name: String) -> Bool { access(path + "/" + name, F_OK) == 0 }

    /// Names in a folder, sorted; none where it does not exist.
    func list(_ name: String) -> [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: path + "/" + name)) ?? []).sorted()
    }

    /// Every file and folder below one, sorted, hidden ones too.
    func tree(_ name: String) -> [String] {
        (FileManager.default.enumerator(atPath: path + "/" + name)?.compactMap { $0 as? String } ?? []).sorted()
    }

    /// Moves a file or folder whose name may be any bytes.
    func rename(_ name: [UInt8], to other: [UInt8]) throws {
        guard Foundation.rename(Self.cString(path, name), Self.cString(path, other)) == 0 else {
            throw POSIXError(.init(rawValue: errno) ?? .EIO)
        }
    }

    private static func cString(_ folder: String, _ name: [UInt8]) -> [CChar] {
        (Array(folder.utf8) + [UInt8(ascii: "/")] + name).map { CChar(bitPattern: $0) } + [0]
    }
}

enum Repository {
    static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().path
    static let model = root + "/Models/compact.safetensors"
}

/// SplitMix64.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64
    init(_ seed: UInt64) { state = seed }
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}

/// A result's folder, read back.
struct PublishedFolder {
    let path: String
    /// What tells this folder from one that was put in its place.
    let inode: Int?
    let document: [String: Any]
    /// What is not as it should be; empty where the result is whole.
    private(set) var problems: [String] = []

    init(_ path: String) throws {
        self.path = path
        inode = try FileManager.default.attributesOfItem(atPath: path)[.systemFileNumber] as? Int
        let names = try FileManager.default.contentsOfDirectory(atPath: path)
        let documents = names.filter { $0.hasSuffix(".json") }
        guard documents.count == 1, let data = FileManager.default.contents(atPath: path + "/" + documents[0]),
            let document = try? JSONSerialization.jsonObject(with: data) as? [String: Any]
        else {
            document = [:]
            problems = ["\(path): no metadata that can be read among \(names)"]
            return
        }
        self.document = document
        let variants = document["variants"] as? [[String: Any]] ?? []
        if variants.isEmpty { problems.append("\(path): no variants") }
        for variant in variants {
            let file = variant["file"] as? String ?? "?"
            let hash = (try? ContentHash(file: path + "/" + file))?.hex
            if hash == nil || hash != variant["sha256"] as? String { problems.append("\(path)/\(file): another hash") }
        }
        let expected = variants.compactMap { $0["file"] as? String } + [documents[0], "sheet.jpg", "uncertainty.png"]
        if Set(names) != Set(expected) { problems.append("\(path): holds \(names), not \(expected)") }
    }

    /// SHA-256 of the variants in their order.
    var hashes: [String] { (document["variants"] as? [[String: Any]] ?? []).compactMap { $0["sha256"] as? String } }
    var sourceHash: String? { (document["source"] as? [String: Any])?["sha256"] as? String }
    var settings: [String: Any] { document["settings"] as? [String: Any] ?? [:] }

    /// Every visible folder of files below one, each a result.
    static func all(below path: String) throws -> [PublishedFolder] {
        guard let walk = FileManager.default.enumerator(atPath: path) else { return [] }
        var folders: Set<String> = []
        for case let name as String in walk {
            if (name as NSString).lastPathComponent.hasPrefix(".") {
                walk.skipDescendants()
            } else if walk.fileAttributes?[.type] as? FileAttributeType == .typeRegular {
                folders.insert((name as NSString).deletingLastPathComponent)
            }
        }
        return try folders.sorted().map { try PublishedFolder(path + "/" + $0) }
    }
}
