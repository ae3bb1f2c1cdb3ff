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

    /// The name of the choice's document within a source's result.
    package static func choice(of source: RelativePath) -> [UInt8] {
        metadata(of: source) == choices[0] ? choices[1] : choices[0]
    }

    /// The names that a choice's document may have; the second, where a photograph's metadata has the first.
    package static let choices = ["chosen.json", "chosen.choice.json"].map { Array($0.utf8) }

    /// The places that a source's result may have, the preferred one first.
    static func places(of source: RelativePath, content: ContentHash) -> [RelativePath] {
        let stem = stem(of: source)
        return ["", "-" + content.short, "-" + content.hex].map { source.parent.appending(stem + $0.utf8) }
    }
}

/// Where the result of a source may lie, and what it may replace there.
struct WantedPlace {
    let source: RelativePath
    let content: ContentHash
    /// The place of the source's last result, as far as known.
    let last: RelativePath?
    /// Whether the source's result of other content is replaced; if not, it stays beside this one.
    let replacesOther: Bool
    /// The places that follow from the source's name, the preferred one first.
    let own: [RelativePath]

    init(source: RelativePath, content: ContentHash, previous: RelativePath?, replacesOther: Bool) {
        (self.source, self.content, self.replacesOther) = (source, content, replacesOther)
        last = previous?.parent == source.parent ? previous : nil
        own = ResultName.places(of: source, content: content)
    }

    /// All places, the last result's first.
    var all: [RelativePath] { (last.map { [$0] } ?? []) + own }
}
