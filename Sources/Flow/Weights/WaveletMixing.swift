import Tensor

/// The fixed orthogonal matrices of `compact`: a Haar wavelet transform after each reshape, permutations elsewhere.
///
/// They are ordered so that what is split off is fine detail and what goes on is the coarse image.
struct WaveletMixing {
    /// By name.
    private(set) var rotations: [String: Tensor] = [:]

    init(_ random: RandomWeights) {
        /// Rank of each channel, coarse to fine.
        var frequency = [0, 0]
        for (l, level) in FlowPlan.levels.enumerated() {
            /// Where each channel comes from, since the level began.
            var origin = Array(0..<level.channels)
            for b in 0..<level.blocks {
                let name = "level\(l + 1).conditional.\(b).rotation"
                if level.channels == 2 {
                    rotations[name] = random.rotation(name, 2)
                } else if b == level.blocks - 1 {
                    // Back to the order in which the level began.
                    rotations[name] = Self.permutation(origin.indices.sorted { origin[$0] < origin[$1] })
                } else {
                    let order = random.permutation(name, level.channels)
                    origin = order.map { origin[$0] }
                    rotations[name] = Self.permutation(order)
                }
            }
            let wide = 4 * level.channels
            // The halves of the coupling take turns, so that both hold some of each band.
            let halves = Array(stride(from: 0, to: wide, by: 2)) + Array(stride(from: 1, to: wide, by: 2))
            let rank = (0..<4).flatMap { band in frequency.map { 2 * $0 + (band > 0 ? 1 : 0) } }
            let order = rank.indices.sorted { (rank[$0], $0) < (rank[$1], $1) }
            rotations["level\(l + 1).unconditional.0.rotation"] = Self.haar(
                channels: level.channels, rows: halves.map { order[$0] })
            // Back to coarse first, fine last.
            rotations["level\(l + 1).unconditional.1.rotation"] = Self.permutation(
                halves.indices.sorted { halves[$0] < halves[$1] })
            frequency = Array(order.map { rank[$0] }.prefix(wide - level.split))
        }
    }

    /// The matrix of y_i = x_order(i).
    private static func permutation(_ order: [Int]) -> Tensor {
        Tensor(
            [order.count, order.count], order.flatMap { from in order.indices.map { $0 == from ? Float(1) : 0 } })
    }

    /// Some rows, in order, of the transform of space-to-depth channels to `channels` averages, then three times as
    /// many differences.
    private static func haar(channels: Int, rows: [Int]) -> Tensor {
        let bands: [[Float]] = [[1, 1, 1, 1], [1, -1, 1, -1], [1, 1, -1, -1], [1, -1, -1, 1]]
        let wide = 4 * channels
        return Tensor(
            [wide, wide],
            rows.flatMap { row in
                let (band, channel) = row.quotientAndRemainder(dividingBy: channels)
                return (0..<wide).map { $0 / 4 == channel ? bands[band][$0 % 4] / 2 : 0 }
            })
    }
}
