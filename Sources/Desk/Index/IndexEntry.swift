import Digest
import Files
import Foundation
import Spool

/// What the index knows of a result without reading it.
final class IndexEntry: Sendable {
    let id: DeskID
    /// The result's folder in the outbox.
    let path: RelativePath
    /// The folder as it was when it was looked into.
    let stamp: FileStamp
    /// The name of its metadata.
    let document: [UInt8]
    /// When the metadata was written, in nanoseconds since 1970.
    let published: Int64
    /// Whether a picture is chosen, be it one of an earlier result.
    let isChosen: Bool
    /// The number of the chosen variant.
    let chosen: Int?
    /// The chosen picture where it is none of the variants.
    let kept: KeptPicture?
    /// Its path as it is searched, a C string.
    let searched: [CChar]

    init(path: RelativePath, stamp: FileStamp, document: [UInt8], published: Int64, choice: Choice?) {
        id = DeskID(.result, path)
        self.path = path
        self.stamp = stamp
        self.document = document
        self.published = published
        isChosen = choice?.chosen != nil
        chosen = choice?.chosen?.variant
        kept = choice?.chosen.flatMap(KeptPicture.init)
        searched = Self.searchable(path.description)
    }

    var folder: RelativePath { path.parent }

    var date: Date { Date(timeIntervalSince1970: Double(published) / 1e9) }

    /// A text without regard to case, and to how its accents are written.
    static func searchable(_ text: String) -> [CChar] {
        let isPlain = text.utf8.allSatisfy { $0 < 0x80 }
        return Array((isPlain ? text : text.precomposedStringWithCanonicalMapping).lowercased().utf8CString)
    }

    /// Whether it comes before another one by folder and name, without regard to case.
    func isNamedBefore(_ name: [CChar], _ id: DeskID) -> Bool {
        let order = strcmp(searched, name)
        return order != 0 ? order < 0 : self.id.description < id.description
    }

    /// Whether it comes before another one: the newest first.
    func isBefore(_ published: Int64, _ id: DeskID) -> Bool {
        self.published != published ? self.published > published : self.id.description < id.description
    }
}

extension ContentHash {
    /// Enough of it to tell a content from every other one that the desk shows.
    var version: String { String(hex.prefix(16)) }
}

/// A chosen picture of an earlier result, which is kept beside the variants.
struct KeptPicture: Sendable, Equatable {
    /// Its name in the result's folder.
    let file: String
    /// Tells it from every other picture.
    let version: String

    /// Nil for a variant.
    init?(_ picture: Choice.Picture) {
        guard picture.variant == nil else { return nil }
        (file, version) = (picture.file, picture.sha256.version)
    }
}
