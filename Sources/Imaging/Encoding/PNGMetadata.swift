import CZlib

/// What a PNG file says besides its pixels, as the chunks behind its header.
enum PNGMetadata {
    /// Bytes of the signature and the header's chunk.
    private static let header = 33

    static func insertion(_ metadata: FileMetadata, profile: [UInt8]) -> FileTarget.Insertion {
        var bytes = chunk("iCCP", Array("sRGB".utf8) + [0, 0] + deflated(profile))
        bytes += chunk("eXIf", ExifDirectories.block(metadata.exif))
        // Neither compressed, nor in a language, nor translated.
        bytes += chunk("iTXt", Array("XML:com.adobe.xmp".utf8) + [0, 0, 0, 0, 0] + Array(metadata.xmp.utf8))
        return .init(place: header, bytes: bytes)
    }

    private static func chunk(_ name: String, _ content: [UInt8]) -> [UInt8] {
        let body = Array(name.utf8) + content
        return big(UInt32(content.count)) + body + big(UInt32(crc32(0, body, UInt32(body.count))))
    }

    private static func deflated(_ bytes: [UInt8]) -> [UInt8] {
        var count = compressBound(UInt(bytes.count))
        var result = [UInt8](repeating: 0, count: Int(count))
        let status = compress2(&result, &count, bytes, UInt(bytes.count), Z_BEST_COMPRESSION)
        precondition(status == Z_OK, "a buffer of the bound's size is enough")
        return Array(result.prefix(Int(count)))
    }

    private static func big(_ value: UInt32) -> [UInt8] { withUnsafeBytes(of: value.bigEndian) { Array($0) } }
}
