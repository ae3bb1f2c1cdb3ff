import Digest
import Tensor

/// Which of a photograph's possible colourings a variant is.
package enum Draw: Sendable, Hashable {
    /// The most likely one: the latent vector 0.
    case mode
    /// The one of the latent vector that a seed and an index select.
    case sample(seed: UInt64, index: Int)

    /// The draw that a document names by seed and index; the mode where it lacks one of them.
    package init(seed: UInt64?, index: Int?) {
        if let seed, let index { self = .sample(seed: seed, index: index) } else { self = .mode }
    }

    /// The latent vector, [8192]: the same on any host, whatever else is drawn beside it.
    ///
    /// - Parameter content: The image file's SHA-256 in hexadecimal.
    package func latent(content: String) -> [Float] {
        guard case .sample(let seed, let index) = self else {
            return [Float](repeating: 0, count: NetworkGeometry.latentCount)
        }
        let key = ContentHash(of: Array("\(content)/\(seed)/\(index)".utf8)).bytes
        func word(_ start: Int) -> UInt64 { key[start..<start + 8].reduce(0) { $0 << 8 | UInt64($1) } }
        var stream = RandomStream(high: word(0), low: word(8))
        return stream.normals(NetworkGeometry.latentCount)
    }

    /// The seed; nil for the mode.
    package var seed: UInt64? {
        if case .sample(let seed, _) = self { seed } else { nil }
    }

    /// The index among a seed's draws; nil for the mode.
    package var index: Int? {
        if case .sample(_, let index) = self { index } else { nil }
    }
}
