import Digest
import Foundation
import Testing

/// All tests of the program, one after another, since each keeps the machine busy.
@Suite(.serialized) struct EndToEnd {}

enum Repository {
    static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().path
    static let model = root + "/Models/compact.safetensors"
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
        // Small pictures for the desk are hidden, and what belongs to a choice may lie beside the rest.
        let names = try FileManager.default.contentsOfDirectory(atPath: path).filter { !$0.hasPrefix(".") }
        let choices = names.filter { $0.hasPrefix("chosen") || $0.hasPrefix("kept-") }
        let documents = names.filter { $0.hasSuffix(".json") && !choices.contains($0) }
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
        let pictures = variants.compactMap { $0["file"] as? String }
        let expected = pictures + choices + [documents[0], "sheet.jpg", "uncertainty.png"]
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
