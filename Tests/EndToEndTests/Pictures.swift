import Foundation
import TestSupport

/// Picture files made by hand, byte by byte, good ones and bad ones.
enum Pictures {
    /// A gray PNG of gradients and noise; another seed gives another picture.
    static func gray(_ width: Int = 96, _ height: Int = 72, seed: UInt64 = 1) -> [UInt8] {
        var generator = SeededGenerator(seed)
        let (a, b) = (Int.random(in: 1...5, using: &generator), Int.random(in: 1...5, using: &generator))
        var rows: [UInt8] = []
        for y in 0..<height {
            rows.append(0)  // no filter
            for x in 0..<width {
                rows.append(UInt8(clamping: (a * x + b * y) % 200 + Int.random(in: 0...40, using: &generator)))
            }
        }
        return png(header(width, height, depth: 8, color: 0), deflated(rows))
    }

    /// A PNG whose header promises any size, with next to no pixels.
    static func declaring(_ width: Int, _ height: Int) -> [UInt8] {
        png(header(width, height, depth: 8, color: 0), deflated([UInt8](repeating: 0, count: 64)))
    }

    /// A little-endian TIFF of uncompressed gray pages.
    static func pages(_ count: Int, _ width: Int = 40, _ height: Int = 30) -> [UInt8] {
        var file: [UInt8] = [0x49, 0x49, 42, 0] + little32(8)
        for page in 0..<count {
            let entries: [(UInt16, UInt16, UInt32)] = [
                (256, 4, UInt32(width)), (257, 4, UInt32(height)), (258, 3, 8), (259, 3, 1), (262, 3, 1),
                (273, 4, UInt32(file.count + 2 + 9 * 12 + 4)), (277, 3, 1), (278, 4, UInt32(height)),
                (279, 4, UInt32(width * height)),
            ]
            let next = file.count + 2 + entries.count * 12 + 4 + width * height
            file += little16(UInt16(entries.count))
            for (tag, type, value) in entries { file += little16(tag) + little16(type) + little32(1) + little32(value) }
            file += little32(page == count - 1 ? 0 : UInt32(next))
            file += (0..<width * height).map { UInt8(truncatingIfNeeded: $0 * (page + 3)) }
        }
        return file
    }

    /// A GIF of two frames.
    static let animation: [UInt8] = {
        let frame: [UInt8] = [0x2C, 0, 0, 0, 0, 1, 0, 1, 0, 0, 2, 2, 0x44, 1, 0]
        return Array("GIF89a".utf8) + [1, 0, 1, 0, 0x80, 0, 0, 0, 0, 0, 255, 255, 255] + frame + frame + [0x3B]
    }()

    private static func png(_ header: [UInt8], _ pixels: [UInt8]) -> [UInt8] {
        [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A] + chunk("IHDR", header) + chunk("IDAT", pixels)
            + chunk("IEND", [])
    }

    private static func header(_ width: Int, _ height: Int, depth: UInt8, color: UInt8) -> [UInt8] {
        big32(UInt32(width)) + big32(UInt32(height)) + [depth, color, 0, 0, 0]
    }

    private static func chunk(_ type: String, _ content: [UInt8]) -> [UInt8] {
        let body = Array(type.utf8) + content
        return big32(UInt32(content.count)) + body + big32(crc(body))
    }

    /// A zlib stream of stored blocks (RFC 1950 and 1951).
    private static func deflated(_ bytes: [UInt8]) -> [UInt8] {
        var stream: [UInt8] = [0x78, 0x01]
        for start in stride(from: 0, to: bytes.count, by: 65_535) {
            let block = bytes[start..<min(start + 65_535, bytes.count)]
            stream.append(start + block.count == bytes.count ? 1 : 0)
            stream += little16(UInt16(block.count)) + little16(~UInt16(block.count)) + block
        }
        var (a, b): (UInt32, UInt32) = (1, 0)
        for byte in bytes {
            a = (a + UInt32(byte)) % 65_521
            b = (b + a) % 65_521
        }
        return stream + big32(b << 16 | a)
    }

    /// CRC-32 as PNG has it.
    private static func crc(_ bytes: [UInt8]) -> UInt32 {
        ~bytes.reduce(~0) { crc, byte in table[Int((crc ^ UInt32(byte)) & 0xFF)] ^ crc >> 8 }
    }

    private static let table: [UInt32] = (0..<256).map { index in
        (0..<8).reduce(UInt32(index)) { value, _ in value & 1 == 1 ? 0xEDB8_8320 ^ value >> 1 : value >> 1 }
    }

    private static func big32(_ value: UInt32) -> [UInt8] { withUnsafeBytes(of: value.bigEndian) { Array($0) } }
    private static func little32(_ value: UInt32) -> [UInt8] { withUnsafeBytes(of: value.littleEndian) { Array($0) } }
    private static func little16(_ value: UInt16) -> [UInt8] { withUnsafeBytes(of: value.littleEndian) { Array($0) } }
}
