import Digest
import Files

/// The name under which the desk hands out a result, a photograph or a folder; it tells nothing of the file system.
struct DeskID: Hashable, Sendable, Encodable, CustomStringConvertible {
    let description: String

    enum Kind: String { case result, photograph, folder, preview, work }

    init(_ kind: Kind, _ path: RelativePath) {
        let hash = ContentHash(of: Array("\(kind.rawValue)/".utf8) + path.bytes)
        description = String(hash.hex.prefix(32))
    }

    /// One that nothing else has.
    init(random kind: Kind) {
        let words = (0..<4).map { _ in UInt64.random(in: 0...UInt64.max) }
        description = String(ContentHash(of: Array("\(kind.rawValue)/\(words)".utf8)).hex.prefix(32))
    }

    /// The id that a text is; nil where it cannot be one.
    init?(_ text: String) {
        guard text.utf8.count == 32, text.utf8.allSatisfy({ (0x30...0x39).contains($0) || (0x61...0x66).contains($0) })
        else { return nil }
        description = text
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}
