import Foundation

/// What a TIFF file says besides its pixels, as a new first directory at its end.
enum TIFFMetadata {
    /// Moves the directory to the end, where there is room for more entries; what is left of the old one is unused.
    static func add(_ metadata: FileMetadata, to file: WrittenFile) throws {
        let isBig = try file.number(2, at: 2) == 43
        let order = try file.read(2, at: 0)
        precondition(order == [0x49, 0x49], "the encoder writes little-endian")
        let place = try isBig ? file.number(8, at: 8) : file.number(4, at: 4)
        let count = try file.number(isBig ? 8 : 2, at: place)
        let entryBytes = isBig ? 20 : 12
        let bytes = try file.read(count * entryBytes, at: place + (isBig ? 8 : 2))
        let own = stride(from: 0, to: bytes.count, by: entryBytes).map { start in
            ExifDirectories.Entry(
                tag: UInt16(bytes[start]) | UInt16(bytes[start + 1]) << 8,
                bytes: Array(bytes[start..<start + entryBytes]))
        }
        // Adobe made it an array of LONG, which is padded.
        let records = IPTCDataSet.encoded(metadata.iptc)
        let padded = Data(records) + Data(count: (4 - records.count % 4) % 4)
        let fields =
            metadata.exif + [
                ExifField(
                    directory: .image, tag: ExifTag.xmp, type: 1, count: UInt32(metadata.xmp.utf8.count),
                    data: Data(metadata.xmp.utf8)),
                ExifField(
                    directory: .image, tag: ExifTag.iptc, type: 4, count: UInt32(padded.count / 4), data: padded),
            ]
        let length = try file.length()
        let start = length + length % 2
        try file.write(ExifDirectories(fields, over: own, isBig: isBig).bytes(at: start), at: start)
        let pointer = (0..<(isBig ? 8 : 4)).map { UInt8(truncatingIfNeeded: start >> (8 * $0)) }
        try file.write(pointer, at: isBig ? 8 : 4)
    }
}
