import Digest
import Files
import Foundation

/// A result in the outbox, by its metadata.
package struct PublishedResult: Equatable, Sendable {
    /// Its folder in the outbox.
    package let path: RelativePath
    /// The file of the inbox it was made from.
    package let source: RelativePath
    package let identity: WorkIdentity
    /// Version of the rendering of its pictures; 0 where its metadata has none.
    package let rendering: Int

    /// The part of a result's metadata that identifies its work.
    private struct Metadata: Decodable {
        struct Source: Decodable {
            /// The name in the form of `RelativePath.escapedName`.
            let name: String
            let sha256: ContentHash
        }
        struct Model: Decodable {
            let sha256: String
        }
        struct Settings: Decodable {
            let key: String
        }

        let source: Source
        let model: Model
        let settings: Settings
        let rendering: Int?
    }

    /// Reads a result's metadata; nil where it is none.
    init?(path: RelativePath, metadata: Data) {
        guard let metadata = try? JSONDecoder().decode(Metadata.self, from: metadata),
            let name = RelativePath(escaped: metadata.source.name), name.components.count == 1
        else { return nil }
        self.path = path
        source = path.parent.appending(name.bytes)
        identity = WorkIdentity(
            content: metadata.source.sha256, model: metadata.model.sha256, settings: metadata.settings.key)
        rendering = metadata.rendering ?? 0
    }
}

/// The names of results and of their files.
package enum ResultName {
    /// Leaves room within 255 bytes for a whole hash and an ending.
    private static let limit = 180

    /// The name of a source's result: the source's own without extension, shortened where it is very long.
    package static func stem(of source: RelativePath) -> [UInt8] {
        let stem = source.stem
        if stem.count <= limit { return Array(stem) }
        var kept = stem.prefix(limit - 9)
        // Not in the middle of a character.
        while let last = stem[kept.endIndex...].first, last & 0xC0 == 0x80, !kept.isEmpty { kept = kept.dropLast() }
        return Array(kept) + "-\(ContentHash(of: Array(source.name)).short)".utf8
    }

    /// The name of the metadata within a source's result.
    package static func metadata(of source: RelativePath) -> [UInt8] {
        stem(of: source) + ".json".utf8
    }

    /// The places that a source's result may have, the preferred one first.
    static func places(of source: RelativePath, content: ContentHash) -> [RelativePath] {
        let stem = stem(of: source)
        return ["", "-" + content.short, "-" + content.hex].map { source.parent.appending(stem + $0.utf8) }
    }
}
