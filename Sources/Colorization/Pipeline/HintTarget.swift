import Flow
import Imaging
import Tensor

/// The chroma that a hint asks for, and where.
package struct HintTarget: Sendable {
    /// Difference of chroma in Lab units up to which a colour counts as the one that was given.
    package static let tolerance: Float = 3
    private static let side = NetworkGeometry.chromaSide

    package let hint: PlacedHint
    /// a and b of the hint's colour.
    package let chroma: SIMD2<Float>

    package init(_ hint: PlacedHint) {
        self.hint = hint
        let color = hint.hint.color
        let lab = Lab.fromRGB(Tensor([1, 3, 1, 1], [color.red, color.green, color.blue].map { Float($0) / 255 })).values
        chroma = SIMD2(lab[1], lab[2])
    }

    /// What the network is told: at each place of 64×64 the mean of what hints say of it.
    ///
    /// - Parameter saturation: What chroma is multiplied by afterwards.
    package static func observations(
        _ targets: [HintTarget], width: Int, height: Int, saturation: Double
    ) -> [HintPropagation.Observation] {
        guard saturation > 0 else { return [] }
        var known: [Int: (sum: SIMD2<Float>, count: Float)] = [:]
        for target in targets {
            for place in target.places(width: width, height: height) {
                let before = known[place] ?? (SIMD2(), 0)
                known[place] = (before.sum + target.chroma / Float(saturation), before.count + 1)
            }
        }
        return known.keys.sorted().map { .init(place: $0, chroma: known[$0]!.sum / known[$0]!.count) }
    }

    /// The places of 64×64 of its pixel and those that its radius covers, at most 8 × 8 of them.
    private func places(width: Int, height: Int) -> [Int] {
        let center = SIMD2(
            (Double(hint.x) + 0.5) * Double(Self.side) / Double(width),
            (Double(hint.y) + 0.5) * Double(Self.side) / Double(height))
        let own = Int(center.y) * Self.side + Int(center.x)
        guard let radius = hint.radius else { return [own] }
        let reach = SIMD2(radius * Double(Self.side) / Double(width), radius * Double(Self.side) / Double(height))
        func cells(_ center: Double, _ reach: Double) -> StrideTo<Int> {
            let (first, last) = (max(0, Int(center - reach)), min(Self.side - 1, Int(center + reach)))
            return stride(from: first, to: last + 1, by: max(1, (last - first + 1) / 8))
        }
        let inside = cells(center.y, reach.y).flatMap { row in
            cells(center.x, reach.x).compactMap { column -> Int? in
                let way = (SIMD2(Double(column), Double(row)) + 0.5 - center) / reach
                return (way * way).sum() <= 1 ? row * Self.side + column : nil
            }
        }
        return Set(inside + [own]).sorted()
    }

    /// What pictures are brought to at full resolution; nothing where all of them are gray anyhow.
    package static func anchors(_ targets: [HintTarget], saturation: Double) -> [ChromaAnchor] {
        guard saturation > 0 else { return [] }
        return targets.map {
            ChromaAnchor(
                x: $0.hint.x, y: $0.hint.y, chroma: $0.chroma / Float(saturation), radius: Float($0.hint.radius ?? 0))
        }
    }
}
