import Foundation

/// JPEG and TIFF files whose pixels are sound and whose metadata are not.
enum BrokenMetadata {
    /// - Parameter plain: a JPEG file.
    static func all(plain: Data) throws -> [(String, Data)] {
        [
            ("laughs.jpg", with(xmp(laughs), in: plain)),
            ("unclosed.jpg", with(xmp("<x:xmpmeta><rdf:RDF>"), in: plain)),
            ("deep.jpg", with(xmp(String(repeating: "<a>", count: 20_000)), in: plain)),
            ("loop.jpg", with(exif(loop), in: plain)), ("offsets.jpg", with(exif(offsets), in: plain)),
            ("noise.jpg", with(exif([UInt8](repeating: 0xA5, count: 900)), in: plain)),
        ]
    }

    /// Ten entities, each ten of the one before.
    private static let laughs: String = {
        let entities = (1...9).map { level in
            "<!ENTITY l\(level) \"\(String(repeating: "&l\(level - 1);", count: 10))\">"
        }
        return "<!DOCTYPE x [<!ENTITY l0 \"lol\">\(entities.joined())]><x:xmpmeta xmlns:x=\"adobe:ns:meta/\">"
            + "<rdf:RDF xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\"><rdf:Description rdf:about=\"\" "
            + "xmlns:dc=\"http://purl.org/dc/elements/1.1/\"><dc:source>&l9;</dc:source></rdf:Description></rdf:RDF>"
            + "</x:xmpmeta>"
    }()

    /// Directories that follow each other in a circle.
    private static let loop: [UInt8] = [
        0x49, 0x49, 42, 0, 8, 0, 0, 0, 1, 0,
        0x69, 0x87, 4, 0, 1, 0, 0, 0, 8, 0, 0, 0,
        8, 0, 0, 0,
    ]

    /// A directory of fields that lie beyond the end.
    private static let offsets: [UInt8] = [
        0x49, 0x49, 42, 0, 8, 0, 0, 0, 2, 0,
        0x0F, 1, 2, 0, 255, 255, 255, 127, 255, 255, 255, 127,
        0x25, 0x88, 4, 0, 1, 0, 0, 0, 255, 255, 255, 255,
        255, 255, 255, 255,
    ]

    private static func xmp(_ text: String) -> [UInt8] {
        segment("http://ns.adobe.com/xap/1.0/\0", Array(text.utf8))
    }

    private static func exif(_ block: [UInt8]) -> [UInt8] { segment("Exif\0\0", block) }

    private static func segment(_ name: String, _ content: [UInt8]) -> [UInt8] {
        let body: [UInt8] = Array(name.utf8) + Array(content.prefix(65_000))
        let length = body.count + 2
        let head: [UInt8] = [0xFF, 0xE1, UInt8(length >> 8), UInt8(length & 255)]
        return head + body
    }

    private static func with(_ segment: [UInt8], in plain: Data) -> Data {
        var result = Data(plain.prefix(2))
        result.append(contentsOf: segment)
        result.append(plain.dropFirst(2))
        return result
    }
}
