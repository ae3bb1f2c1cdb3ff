import Tensor

/// Parameters from a formula: each a function of its name and a seed, of a sane scale, nothing zero.
///
/// `Reference/golden.py` has the same formula, so the two sides compute with one network without sharing a file.
package final class RandomWeights: Weights {
    private let seed: UInt64
    package private(set) var parameterCount = 0

    package init(seed: UInt64) { self.seed = seed }

    package func tensor(_ name: String, _ shape: [Int]) -> Tensor {
        let parts = name.split(separator: ".")
        let owner = parts.dropLast().last ?? ""
        let scale: Float
        var offset: Float = 0
        switch parts.last {
        case "running_var": (scale, offset) = (0.5, 1)
        case "running_mean": scale = 0.1
        case "weight" where owner.hasPrefix("norm"): (scale, offset) = (0.2, 1)
        case "bias": scale = owner.hasPrefix("norm") ? 0.1 : 0.05
        default: scale = weightScale(owner: owner, parent: parts.dropLast(2).last ?? "", shape)
        }
        if parts.last?.hasPrefix("running") == false { parameterCount += shape.reduce(1, *) }
        var stream = stream(name)
        var tensor = Tensor(uninitialized: shape)
        let count = tensor.count
        tensor.withUnsafeMutablePointer { target in
            for i in 0..<count { target[i] = offset + scale * stream.nextSymmetric() }
        }
        return tensor
    }

    /// Drawn uniformly from all rotations and reflections: a Gaussian matrix, orthogonalised column by column.
    package func rotation(_ name: String, _ channels: Int) -> Tensor {
        var stream = stream(name)
        let gaussian = (0..<channels * channels).map { _ in stream.nextNormal() }
        var columns = (0..<channels).map { j in (0..<channels).map { i in gaussian[i * channels + j] } }
        for j in 0..<channels {
            // Twice, because one pass of Gram and Schmidt's method leaves rounding errors that grow.
            for _ in 0..<2 {
                for k in 0..<j {
                    let dot = zip(columns[j], columns[k]).reduce(0) { $0 + $1.0 * $1.1 }
                    for i in 0..<channels { columns[j][i] -= dot * columns[k][i] }
                }
            }
            let length = columns[j].reduce(0) { $0 + $1 * $1 }.squareRoot()
            for i in 0..<channels { columns[j][i] /= length }
        }
        let rows = (0..<channels).flatMap { i in (0..<channels).map { j in Float(columns[j][i]) } }
        return Tensor([channels, channels], rows)
    }

    /// The order of as many random numbers.
    package func permutation(_ name: String, _ count: Int) -> [Int] {
        var stream = stream(name)
        let keys = (0..<count).map { _ in stream.next() }
        return (0..<count).sorted { (keys[$0], $0) < (keys[$1], $1) }
    }

    /// The random numbers of a name.
    package func stream(_ name: String) -> RandomStream { RandomStream(high: Self.hash(name), low: seed) }

    /// Keeps the size of what passes through (He and others 2015), and coefficients small.
    private func weightScale(owner: Substring, parent: Substring, _ shape: [Int]) -> Float {
        let coefficients = owner == "linear3" || (owner == "conv2" && parent.hasPrefix("coefficients"))
        let gain =
            if coefficients || (owner == "conv1" && parent == "regression") {
                0.05
            } else if owner == "project" || owner.hasPrefix("lateral") {
                0.5  // these are added to what came before them
            } else {
                2.0.squareRoot()
            }
        // A transposed 4×4 convolution of stride 2 adds a quarter of its kernel at each pixel.
        let inputs = shape.count == 4 && shape[2] == 4 ? shape[0] * 4 : shape.dropFirst().reduce(1, *)
        return Float(gain * (3 / Double(inputs)).squareRoot())
    }

    /// FNV-1a, 64 bits.
    private static func hash(_ name: String) -> UInt64 {
        name.utf8.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
    }
}
