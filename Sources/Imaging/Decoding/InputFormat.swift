import Foundation

/// The kinds of file that are decoded, told by their first bytes and never by their name.
package enum InputFormat: String, Sendable, Codable, CaseIterable {
    case jpeg, png, tiff, webp, heif

    /// How the names of such files usually end, in lower case: what a folder is searched for.
    package static let nameExtensions: Set<String> = [
        "jpg", "jpeg", "jpe", "jfif", "png", "tif", "tiff", "webp", "heic", "heif", "avif",
    ]

    /// Reads the first bytes of an open file; nil if it is none of these.
    init?(descriptor: Int32) {
        var bytes = [UInt8](repeating: 0, count: 16)
        let count = pread(descriptor, &bytes, bytes.count, 0)
        self.init(signature: bytes.prefix(max(0, count)))
    }

    package init?(signature: ArraySlice<UInt8>) {
        func has(_ bytes: [UInt8], at offset: Int = 0) -> Bool { signature.dropFirst(offset).starts(with: bytes) }
        func has(_ text: String, at offset: Int) -> Bool { has(Array(text.utf8), at: offset) }
        if has([0xFF, 0xD8, 0xFF]) {
            self = .jpeg
        } else if has([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]) {
            self = .png
        } else if has([0x49, 0x49, 42, 0]) || has([0x4D, 0x4D, 0, 42]) || has([0x49, 0x49, 43, 0])
            || has([0x4D, 0x4D, 0, 43])
        {
            self = .tiff
        } else if has("RIFF", at: 0), has("WEBP", at: 8) {
            self = .webp
        } else if has("ftyp", at: 4) {
            self = .heif
        } else {
            return nil
        }
    }
}
