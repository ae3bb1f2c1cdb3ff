import Foundation

/// When a photograph was taken, digitised and changed, in EXIF's form `YYYY:MM:DD hh:mm:ss`.
package struct CaptureDates: Sendable, Codable, Equatable {
    /// When the picture was taken: EXIF DateTimeOriginal.
    package var original: String?
    /// When it was digitised: EXIF DateTimeDigitized.
    package var digitized: String?
    /// When the file was last changed: EXIF DateTime.
    package var modified: String?

    package init(original: String? = nil, digitized: String? = nil, modified: String? = nil) {
        self.original = original
        self.digitized = digitized
        self.modified = modified
    }

    /// How many are known.
    package var count: Int { [original, digitized, modified].count { $0 != nil } }

    /// Reads EXIF, and XMP for what EXIF lacks (TIFF and PNG files often have only that).
    init(_ image: VipsPicture) {
        let packet = image.blob("xmp-data").map { String(decoding: $0, as: UTF8.self) } ?? ""
        original =
            Self.exif(image, "exif-ifd2-DateTimeOriginal")
            ?? Self.xmp(packet, "exif:DateTimeOriginal") ?? Self.xmp(packet, "photoshop:DateCreated")
        digitized = Self.exif(image, "exif-ifd2-DateTimeDigitized") ?? Self.xmp(packet, "xmp:CreateDate")
        modified = Self.exif(image, "exif-ifd0-DateTime") ?? Self.xmp(packet, "xmp:ModifyDate")
    }

    /// libvips adds to each value, in parentheses, its type and length.
    private static func exif(_ image: VipsPicture, _ field: String) -> String? {
        image.string(field).flatMap { checked(String($0.prefix(19))) }
    }

    /// An attribute or element of an XMP packet.
    private static func xmp(_ packet: String, _ name: String) -> String? {
        guard let found = packet.range(of: name + #"\s*(=\s*["']|>)"#, options: .regularExpression) else { return nil }
        let text = packet[found.upperBound...].prefix(19)
        guard text.utf8.count == 19 else { return nil }
        // 2004-05-06T07:08:09
        let date = text.prefix(10).replacingOccurrences(of: "-", with: ":")
        return checked(date + " " + text.suffix(8))
    }

    /// The value if it has EXIF's form and is no placeholder of zeros.
    static func checked(_ value: String) -> String? {
        let form = #"^[0-9]{4}:[0-9]{2}:[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}$"#
        guard value.range(of: form, options: .regularExpression) != nil, !value.hasPrefix("0000") else { return nil }
        return value
    }

    /// The same moment in XMP's form, `YYYY-MM-DDThh:mm:ss`.
    static func iso(_ value: String) -> String {
        value.prefix(10).replacingOccurrences(of: ":", with: "-") + "T" + value.suffix(8)
    }

    /// A day and perhaps a time of IPTC, `19310506` and `121314+0100`, in XMP's form; nil if it is none.
    static func iso(day: String, time: String?) -> String? {
        func parts(_ text: String, _ form: Regex<(Substring, Substring, Substring, Substring, Substring?)>)
            -> [Substring]?
        {
            guard let match = text.wholeMatch(of: form) else { return nil }
            return [match.1, match.2, match.3, match.4 ?? ""]
        }
        guard let date = parts(day, #/(\d{4})-?(\d\d)-?(\d\d)(x)?/#) else { return nil }
        let result = date.prefix(3).joined(separator: "-")
        guard let time, let clock = parts(time, #/(\d\d):?(\d\d):?(\d\d)([+-]\d\d:?\d\d)?/#) else { return result }
        var zone = clock[3].filter { $0 != ":" }
        if zone.count == 5 { zone.insert(":", at: zone.index(zone.startIndex, offsetBy: 3)) }
        return result + "T" + clock.prefix(3).joined(separator: ":") + zone
    }
}
