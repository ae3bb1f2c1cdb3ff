import Digest
import Files
import Foundation

/// A bag after RFC 8493: a folder for each result below `data`, with a PREMIS 3 document for each below `metadata`.
struct BagExport: ExportWriter {
    private let target: ExportTarget
    private var names: ExportNames
    private var payload: [RelativePath: ContentHash] = [:]
    private var tags: [RelativePath: ContentHash] = [:]
    private var payloadBytes: Int64 = 0

    init(_ target: ExportTarget, _ names: ExportNames) {
        self.target = target
        self.names = names
    }

    mutating func add(_ item: ExportItem) throws {
        let place = names.take(item.place)
        let folder = RelativePath.root.appending("data").appending(place.bytes)
        var premis = PremisDocument(item, folder: folder)
        for picture in item.pictures {
            let path = folder.appending(picture.file)
            try target.copy(item.path(of: picture), of: item.outbox, content: picture.sha256, to: path)
            premis.add(picture, at: path, bytes: try count(path, picture.sha256))
        }
        let document = folder.appending(ExportNames.portable(item.document.name[...]))
        try count(document, target.write(item.document.content, to: document))
        var originalPath: RelativePath?
        if let original = item.original {
            let (path, hash) = (item.originalPlace(in: folder), try item.originalHash)
            try target.copy(original.path, of: original.folder, content: hash, to: path)
            try count(path, hash)
            originalPath = path
        }
        let premisPath = RelativePath.root.appending("metadata/premis").appending(place.bytes + ".xml".utf8)
        tags[premisPath] = try target.write(Data(premis.text(original: originalPath).utf8), to: premisPath)
    }

    /// Enters a file of the payload, and returns its length.
    @discardableResult
    private mutating func count(_ path: RelativePath, _ hash: ContentHash) throws -> Int64 {
        let bytes = try target.folder.status(path)?.stamp.size ?? 0
        payload[path] = hash
        payloadBytes += bytes
        return bytes
    }

    mutating func finish() throws {
        try tag("bagit.txt", "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n")
        try tag("manifest-sha256.txt", Self.manifest(payload))
        let day = Date().formatted(Date.ISO8601FormatStyle().year().month().day())
        try tag(
            "bag-info.txt",
            """
            Bag-Software-Agent: \(Program.name)
            Bagging-Date: \(day)
            External-Description: Colourings of gray photographs. The colours are guesses by a neural network.
            Payload-Oxum: \(payloadBytes).\(payload.count)

            """)
        let record = RelativePath.root.appending(ExportTarget.record)
        tags[record] = try target.hash(record)
        try target.write(
            Data(Self.manifest(tags).utf8), to: RelativePath.root.appending("tagmanifest-sha256.txt"))
    }

    private mutating func tag(_ name: String, _ text: String) throws {
        let path = RelativePath.root.appending(name)
        tags[path] = try target.write(Data(text.utf8), to: path)
    }

    /// Lines of hash and path; three characters are escaped in paths.
    private static func manifest(_ files: [RelativePath: ContentHash]) -> String {
        files.sorted { $0.key < $1.key }.map { path, hash in
            let name = String(decoding: path.bytes, as: UTF8.self).replacingOccurrences(of: "%", with: "%25")
                .replacingOccurrences(of: "\n", with: "%0A").replacingOccurrences(of: "\r", with: "%0D")
            return "\(hash.hex)  \(name)\n"
        }.joined()
    }
}
