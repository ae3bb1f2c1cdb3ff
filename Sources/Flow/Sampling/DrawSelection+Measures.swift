import Foundation
import Kernels

extension DrawSelection {
    /// Mean a and b over a picture, [2, P].
    static func mean(_ draw: [Float]) -> SIMD2<Float> {
        let places = draw.count / 2
        func mean(_ plane: ArraySlice<Float>) -> Float { plane.reduce(0, +) / Float(places) }
        return SIMD2(mean(draw[..<places]), mean(draw[places...]))
    }

    static func length(_ chroma: SIMD2<Float>) -> Float { (chroma * chroma).sum().squareRoot() }

    /// The mean over a picture of how far apart two draws look, for each two, in Lab units.
    ///
    /// CIE94's difference of chroma, weighted by lightness: in the dark nobody sees colours.
    static func distances(_ draws: [[Float]], _ lightness: [Float], _ execution: Execution) -> [[Double]] {
        let places = lightness.count
        let shares = lightness.map { max(0, min(1, $0 / fullLightness)) }
        let total = max(1e-6, shares.reduce(0, +))
        let lengths = draws.map { draw in
            (0..<places).map { length(SIMD2(draw[$0], draw[places + $0])).squareRoot() }
        }
        let upper = execution.map(draws.count) { i in
            (i..<draws.count).map { j in
                var sum: Float = 0
                for place in 0..<places {
                    let (a, b) = (
                        draws[i][place] - draws[j][place], draws[i][places + place] - draws[j][places + place]
                    )
                    let strength = 1 + chromaWeight * lengths[i][place] * lengths[j][place]
                    sum += shares[place] * (a * a + b * b).squareRoot() / strength
                }
                return Double(sum / total)
            }
        }
        return draws.indices.map { i in draws.indices.map { i <= $0 ? upper[i][$0 - i] : upper[$0][i - $0] } }
    }

    /// How far each picture is from the median of all, in per cent of white.
    static func errors(_ pictures: [[Float]]) -> [Double] {
        let count = pictures[0].count
        var squares = [Double](repeating: 0, count: pictures.count)
        for i in 0..<count {
            let values = pictures.map { $0[i] }
            let median = values.sorted()[(values.count - 1) / 2]
            for (picture, value) in values.enumerated() {
                squares[picture] += Double((value - median) * (value - median))
            }
        }
        return squares.map { 100 * ($0 / Double(count)).squareRoot() }
    }
}
