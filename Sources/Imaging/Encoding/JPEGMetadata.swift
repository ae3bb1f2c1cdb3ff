/// What a JPEG file says besides its pixels, as the segments behind its first marker.
enum JPEGMetadata {
    private enum Marker {
        static let jfif: UInt8 = 0xE0
        static let exifOrXMP: UInt8 = 0xE1
        static let profile: UInt8 = 0xE2
        static let photoshop: UInt8 = 0xED
    }

    static func insertion(_ metadata: FileMetadata, profile: [UInt8], pixelsPerInch: Double) -> FileTarget.Insertion {
        let density = UInt16(min(max(pixelsPerInch.rounded(), 1), 65535))
        let dots = [UInt8(density >> 8), UInt8(density & 255)]
        var bytes = segment(Marker.jfif, "JFIF", [1, 2, 1] + dots + dots + [0, 0])
        bytes += segment(Marker.exifOrXMP, "Exif\0", ExifDirectories.block(metadata.exif))
        bytes += segment(Marker.exifOrXMP, "http://ns.adobe.com/xap/1.0/", Array(metadata.xmp.utf8))
        let records = IPTCDataSet.encoded(metadata.iptc)
        bytes += segment(Marker.photoshop, "Photoshop 3.0", IPTCDataSet.photoshopBlock(records))
        // The first of one part.
        bytes += segment(Marker.profile, "ICC_PROFILE", [1, 1] + profile)
        return .init(place: 2, bytes: bytes)
    }

    /// - Parameter name: ends with a zero, which is added.
    private static func segment(_ marker: UInt8, _ name: String, _ content: [UInt8]) -> [UInt8] {
        let body = Array(name.utf8) + [0] + content
        precondition(body.count <= 65_533, "\(name) of \(body.count) bytes is longer than a segment")
        let length = body.count + 2
        return [0xFF, marker, UInt8(length >> 8), UInt8(length & 255)] + body
    }
}
