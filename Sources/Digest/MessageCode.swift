import CCrypto
import Foundation

/// An HMAC-SHA-256 (RFC 2104): proof that a text was made by who has the key.
package struct MessageCode: Sendable {
    /// The code, 32 bytes.
    package let bytes: [UInt8]

    package init(of message: String, key: [UInt8]) {
        let message = Array(message.utf8)
        var code = [UInt8](repeating: 0, count: ContentHash.byteCount)
        var count: UInt32 = 0
        let isMade = HMAC(EVP_sha256(), key, Int32(key.count), message, message.count, &code, &count) != nil
        precondition(isMade && count == ContentHash.byteCount, "libcrypto offers no HMAC")
        bytes = code
    }

    /// The code in hexadecimal.
    package var hex: String { ContentHash(bytes: bytes)!.hex }

    /// Whether a text is this code in hexadecimal; how long that takes tells nothing of the code.
    package func matches(hex text: some StringProtocol) -> Bool {
        let (own, other) = (Array(hex.utf8), Array(text.utf8))
        return own.count == other.count && CRYPTO_memcmp(own, other, own.count) == 0
    }
}
