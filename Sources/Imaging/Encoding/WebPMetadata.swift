/// What a WebP file says besides its pixels, as the chunks at its end.
enum WebPMetadata {
    private enum Flag {
        static let exif: UInt8 = 0x08
        static let xmp: UInt8 = 0x04
    }

    /// The place of the flags in a file that begins with its extended header, as one with a profile does.
    private static let flags = 20

    /// Replaces the EXIF that libvips makes, and adds the rest.
    static func add(_ metadata: FileMetadata, to file: WrittenFile) throws {
        let length = try file.length()
        var end = 12
        while end + 8 <= length, try file.read(4, at: end) != Array("EXIF".utf8) {
            let size = try file.number(4, at: end + 4)
            end += 8 + size + size % 2
        }
        end = min(end, length)
        let first = try file.read(4, at: 12)
        precondition(first == Array("VP8X".utf8), "a WebP file with a profile has an extended header")
        let chunks =
            chunk("EXIF", ExifDirectories.block(metadata.exif)) + chunk("XMP ", Array(metadata.xmp.utf8))
        try file.truncate(to: end)
        try file.write(chunks, at: end)
        try file.write(little(end + chunks.count - 8), at: 4)
        let flags = try file.read(1, at: Self.flags)[0]
        try file.write([flags | Flag.exif | Flag.xmp], at: Self.flags)
    }

    private static func chunk(_ name: String, _ content: [UInt8]) -> [UInt8] {
        Array(name.utf8) + little(content.count) + content + (content.count % 2 == 1 ? [0] : [])
    }

    private static func little(_ value: Int) -> [UInt8] {
        (0..<4).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
    }
}
