import Foundation
import Kernels
import Tensor

/// Chooses few of many draws: the most different ones that are plausible, none in one tint.
///
/// Chosen are those for which the mean distance between two of them, less `price` times their mean expected error, is
/// greatest: greedily first, then by exchanges. A draw's expected error is that of the draws' median and how far the draw
/// is from that, as a picture in sRGB; it predicts the true error of photographs without bias.
package struct DrawSelection: Sendable {
    /// A colouring as people see it, reduced.
    package struct Look: Sendable {
        /// a and b in Lab units, [2, P].
        package var chroma: [Float]
        /// sRGB in 0…1, [3, P].
        package var picture: [Float]

        package init(chroma: [Float], picture: [Float]) {
            (self.chroma, self.picture) = (chroma, picture)
        }
    }

    /// What was chosen.
    package struct Choice: Sendable, Equatable {
        /// Places of the chosen among the candidates, the most plausible first.
        package var chosen: [Int]
        /// Places of those left out for their tint.
        package var tinted: [Int]
    }

    /// Lab units between a draw's mean chroma and the mode's, beyond which it is left out; of 180 photographs' own colours
    /// one in sixteen is farther.
    package static let tintLimit: Float = 20
    /// Distance worth as much as an expected error of one per cent of white.
    private static let price = 2.4
    /// The expected error of the draws' median, in per cent of white.
    private static let errorOfMedian = 5.0
    /// L from which on colours count in full.
    static let fullLightness: Float = 50
    /// How much a difference counts less where colours are strong (CIE94's weight of chroma).
    static let chromaWeight: Float = 0.045

    private let tints: [Float]
    /// Perceptual distance of each from each, the mode being the last, in Lab units.
    private let distances: [[Double]]
    private let errors: [Double]

    /// - Parameters:
    ///   - lightness: L in 0…100 at each place, P values.
    ///   - center: The most likely colouring's a and b in Lab units, [2, P], which tints are counted from.
    ///   - mode: The same as it is shown.
    ///   - draws: The others.
    package init(lightness: [Float], center: [Float], mode: Look, draws: [Look], _ execution: Execution) {
        let all = draws + [mode]
        precondition(
            all.allSatisfy { $0.chroma.count == 2 * lightness.count && $0.picture.count == 3 * lightness.count },
            "draws of other places than the lightness")
        let center = Self.mean(center)
        tints = draws.map { Self.length(Self.mean($0.chroma) - center) }
        distances = Self.distances(all.map(\.chroma), lightness, execution)
        errors = Self.errors(all.map(\.picture)).map {
            (Self.errorOfMedian * Self.errorOfMedian + $0 * $0).squareRoot()
        }
    }

    /// Chooses among the draws.
    ///
    /// - Parameters:
    ///   - count: At most as many as there are candidates.
    ///   - candidates: Draws that may be chosen, by their places.
    ///   - fixed: Draws that are shown anyhow, by their places; nil for the mode.
    package func choose(_ count: Int, of candidates: [Int], beside fixed: [Int?]) -> Choice {
        precondition(count <= candidates.count, "\(count) of \(candidates.count) draws")
        let plain = candidates.filter { tints[$0] <= Self.tintLimit }
        let faint = candidates.sorted { (tints[$0], $0) < (tints[$1], $1) }.prefix(count)
        let eligible = plain.count >= count ? plain : Array(faint)
        var chosen: [Int] = []
        let fixed = fixed.map { $0 ?? distances.count - 1 }
        while chosen.count < count {
            let rest = eligible.filter { !chosen.contains($0) }
            let gains = rest.map { gain($0, beside: fixed + chosen, of: count + fixed.count) }
            guard let best = gains.max(), let place = gains.firstIndex(of: best) else { break }
            chosen.append(rest[place])
        }
        exchange(&chosen, eligible, fixed)
        let tinted = candidates.filter { tints[$0] > Self.tintLimit && !chosen.contains($0) }
        return Choice(chosen: chosen.sorted { (errors[$0], $0) < (errors[$1], $1) }, tinted: tinted)
    }

    /// Perceptual distance between two draws, nil being the mode, in Lab units.
    package func distance(_ a: Int?, _ b: Int?) -> Double {
        distances[a ?? distances.count - 1][b ?? distances.count - 1]
    }

    /// How far a draw's mean chroma is from the mode's, in Lab units.
    package func tint(_ draw: Int?) -> Float { draw.map { tints[$0] } ?? 0 }

    /// What a draw adds: its mean distance from others, less the price of its expected error.
    private func gain(_ draw: Int, beside others: [Int], of count: Int) -> Double {
        let near = others.reduce(0) { $0 + distances[draw][$1] } / Double(max(1, others.count))
        return 2 * near * Double(count - 1) / Double(count) - Self.price * errors[draw]
    }

    /// Exchanges chosen draws for others as long as that gains anything.
    private func exchange(_ chosen: inout [Int], _ eligible: [Int], _ fixed: [Int]) {
        for _ in 0..<4 * chosen.count {
            var best = (gain: 1e-6, place: 0, draw: -1)
            for place in chosen.indices {
                let others = fixed + chosen[..<place] + chosen[(place + 1)...]
                let now = gain(chosen[place], beside: others, of: others.count + 1)
                for draw in eligible where !chosen.contains(draw) {
                    let more = gain(draw, beside: others, of: others.count + 1) - now
                    if more > best.gain { best = (more, place, draw) }
                }
            }
            guard best.draw >= 0 else { return }
            chosen[best.place] = best.draw
        }
    }
}
