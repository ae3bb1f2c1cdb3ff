import CCrypto
import Foundation

/// The SHA-256 of a file's content.
package struct ContentHash: Hashable, Sendable {
    /// The digest, 32 bytes.
    package let bytes: [UInt8]

    package static let byteCount = 32

    /// A digest made before, or nil where it is not 32 bytes.
    package init?(bytes: some Collection<UInt8>) {
        guard bytes.count == Self.byteCount else { return nil }
        self.bytes = Array(bytes)
    }

    /// A digest in hexadecimal, or nil where it is not one.
    package init?(hex: String) {
        let digits = Array(hex.utf8)
        guard digits.count == 2 * Self.byteCount else { return nil }
        var bytes = [UInt8]()
        for index in stride(from: 0, to: digits.count, by: 2) {
            let pair = digits[index...(index + 1)]
            guard pair.allSatisfy({ isxdigit(Int32($0)) != 0 }),
                let byte = UInt8(String(decoding: pair, as: UTF8.self), radix: 16)
            else { return nil }
            bytes.append(byte)
        }
        self.bytes = bytes
    }

    /// The digest of bytes in memory.
    package init(of content: some ContiguousBytes) {
        var hasher = StreamHasher()
        content.withUnsafeBytes { hasher.update($0) }
        self = hasher.finish()
    }

    /// The digest of everything that a descriptor reads, from the file's start, in pieces of 256 KiB.
    package init(descriptor: Int32, path: String) throws {
        var hasher = StreamHasher()
        var offset: off_t = 0
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 256 << 10, alignment: 64)
        defer { buffer.deallocate() }
        while true {
            let count = pread(descriptor, buffer.baseAddress!, buffer.count, offset)
            if count < 0 {
                if errno == EINTR { continue }
                throw UnreadableContent(path: path, code: errno)
            }
            if count == 0 { break }
            hasher.update(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
            offset += off_t(count)
        }
        self = hasher.finish()
    }

    /// The digest of a file.
    package init(file path: String) throws {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw UnreadableContent(path: path, code: errno) }
        defer { close(descriptor) }
        try self.init(descriptor: descriptor, path: path)
    }

    /// The digest in 64 lower-case digits.
    package var hex: String { Self.hexadecimal(bytes[...]) }

    /// The first eight digits, enough to tell two files of one name apart.
    package var short: String { Self.hexadecimal(bytes.prefix(4)) }

    private static func hexadecimal(_ bytes: ArraySlice<UInt8>) -> String {
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }
}

extension ContentHash: CustomStringConvertible, Codable {
    package var description: String { hex }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let hash = ContentHash(hex: try container.decode(String.self)) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "not a SHA-256")
        }
        self = hash
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(hex)
    }
}

/// A file could not be read to its end.
package struct UnreadableContent: Error, Equatable, CustomStringConvertible {
    package let path: String
    package let code: Int32
    package var description: String { "\(path): cannot read: \(String(cString: strerror(code)))" }
}

/// A SHA-256 that grows piece by piece.
package struct StreamHasher: ~Copyable {
    private let context: OpaquePointer

    package init() {
        guard let context = EVP_MD_CTX_new(), EVP_DigestInit_ex(context, EVP_sha256(), nil) == 1 else {
            fatalError("libcrypto offers no SHA-256")
        }
        self.context = context
    }

    deinit { EVP_MD_CTX_free(context) }

    package mutating func update(_ bytes: UnsafeRawBufferPointer) {
        precondition(EVP_DigestUpdate(context, bytes.baseAddress, bytes.count) == 1, "libcrypto failed to hash")
    }

    package consuming func finish() -> ContentHash {
        var digest = [UInt8](repeating: 0, count: ContentHash.byteCount)
        precondition(EVP_DigestFinal_ex(context, &digest, nil) == 1, "libcrypto failed to hash")
        return ContentHash(bytes: digest)!
    }
}
