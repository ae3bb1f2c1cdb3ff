import Digest
import Flow
import Tensor

/// The latent vectors of an image's variants.
package enum Latent {
    /// The draw of one sample, [8192]: the same on any host, whatever else is drawn beside it.
    ///
    /// - Parameters:
    ///   - content: The image file's SHA-256 in hexadecimal.
    ///   - seed: The setting of that name.
    ///   - index: Which sample.
    package static func draw(content: String, seed: UInt64, index: Int) -> [Float] {
        let key = ContentHash(of: Array("\(content)/\(seed)/\(index)".utf8)).bytes
        func word(_ start: Int) -> UInt64 { key[start..<start + 8].reduce(0) { $0 << 8 | UInt64($1) } }
        var stream = RandomStream(high: word(0), low: word(8))
        return stream.normals(Colorizer.latentCount)
    }
}
