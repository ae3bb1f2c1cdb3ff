import Foundation

/// How much of an original's metadata its variants carry.
package enum MetadataPolicy: String, Sendable, Codable, CaseIterable {
    /// All that stays true of a coloured copy.
    case keep
    /// The dates alone.
    case minimal
}

/// An original's metadata, made ready for its variants: what would not be true of them is left out, and the disclosure
/// is added.
package struct OriginalMetadata: Sendable, Codable, Equatable {
    /// The place of the sentence that discloses the guess: the first of these that the original has not filled itself.
    enum Sentence: String, Sendable, Codable { case description, instructions, history }

    /// Largest packet of XMP that a format's files carry, before the marks are filled.
    static func mostXMP(_ format: OutputFormat) -> Int { format == .jpeg ? 65_200 : 1 << 20 }
    /// Most marks of one kind in a packet, as each may grow.
    private static let mostMarks = 8
    /// Most bytes that all fields of EXIF may take, and all data sets of IPTC: what a segment of a JPEG file holds.
    static let mostInSegment = 63_000
    /// Most remarks on what was left out.
    static let mostDropped = 64

    var exif: [ExifField] = []
    /// Texts are UTF-8.
    var iptc: [IPTCDataSet] = []
    /// The packet, with `Disclosure.Mark`s in place of what differs between variants.
    var xmp = ""
    /// The number of properties in the original's XMP that are kept.
    var properties = 0
    var sentence = Sentence.description
    package var dropped: [String] = []
    package var warnings: [String] = []

    init() {}

    /// Nothing but a warning.
    init(unreadable reason: String) {
        warnings = ["the metadata cannot be read, and are left out but for dates: \(reason)"]
    }

    /// Whether there is anything but warnings.
    var isReadable: Bool { !xmp.isEmpty }

    /// Fields of EXIF that are kept.
    package var exifCount: Int { exif.count }
    /// Data sets of IPTC that are kept.
    package var iptcCount: Int { iptc.count }
    /// Properties of XMP that are kept.
    package var xmpCount: Int { properties }

    /// The same, if it is what an honest reader may say; nil otherwise.
    ///
    /// Nothing in it is interpreted: fields that would change how pixels are read are refused.
    func checked(for format: OutputFormat) -> OriginalMetadata? {
        guard exif.count <= 1000, iptc.count <= 4000, dropped.count <= Self.mostDropped, warnings.count <= 8 else {
            return nil
        }
        guard exif.allSatisfy({ $0.isSound && !MetadataRules.describesPixels($0) }),
            exif.reduce(0, { $0 + $1.storedBytes }) <= Self.mostInSegment,
            iptc.allSatisfy({ $0.data.count <= IPTCDataSet.longest }),
            iptc.reduce(0, { $0 + $1.storedBytes }) <= Self.mostInSegment,
            xmp.utf8.count <= Self.mostXMP(format), xmp.hasPrefix("<?xpacket"), properties >= 0,
            [Disclosure.Mark.which, Disclosure.Mark.identifier].allSatisfy({
                xmp.ranges(of: $0).count <= Self.mostMarks
            })
        else { return nil }
        var metadata = self
        func printable(_ lines: [String]) -> [String] {
            lines.map { String(Photograph.printable(String($0.prefix(200))).prefix(200)) }
        }
        (metadata.dropped, metadata.warnings) = (printable(dropped), printable(warnings))
        return metadata
    }
}
