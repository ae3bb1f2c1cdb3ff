/// How much colour a photograph has.
package enum Chromaticity: String, Sendable, Codable, CaseIterable {
    /// No colour at all, or no more than compression leaves.
    case gray
    /// One tint that follows lightness, such as sepia or selenium, or yellowed paper.
    case toned
    /// Colours that lightness does not explain.
    case colored = "coloured"

    /// Decides from small planes, whose averaging has removed the noise of compression and grain.
    ///
    /// Chroma is fitted as a function of L, a mean for each of 24 steps with linear interpolation between them. What
    /// the fit leaves over is colour that a tint does not explain; a strong tint may leave more, at edges. The most
    /// extreme thousandth tells a coloured detail in a gray picture.
    ///
    /// Of 150 ImageNet photographs none is taken for toned; of 25 toned copies of them, compressed to quality 60,
    /// all are recognised in sepia, faded sepia and selenium, and 23 as cyanotypes.
    /// - Parameters:
    ///   - lightness: L, 0…100.
    ///   - chroma: all of a, then all of b.
    init(lightness: [Float], chroma: [Float]) {
        precondition(chroma.count == 2 * lightness.count, "two values of chroma for one of L")
        let count = lightness.count
        let strengths = (0..<count).map { Self.length(chroma[$0], chroma[count + $0]) }
        let strength = Self.rms(strengths)
        if strength <= 2, !Self.exceeds(5, strengths) {
            self = .gray
            return
        }
        let fit = (ToneCurve(lightness, chroma.prefix(count)), ToneCurve(lightness, chroma.suffix(count)))
        let residuals = (0..<count).map { i in
            Self.length(chroma[i] - fit.0[lightness[i]], chroma[count + i] - fit.1[lightness[i]])
        }
        let isTint = Self.rms(residuals) <= 1.5 + 0.06 * strength && !Self.exceeds(6 + 0.3 * strength, residuals)
        self = isTint ? .toned : .colored
    }

    private static func length(_ a: Float, _ b: Float) -> Float { (a * a + b * b).squareRoot() }

    private static func rms(_ values: [Float]) -> Float {
        Float((values.reduce(into: 0.0) { $0 += Double($1 * $1) } / Double(values.count)).squareRoot())
    }

    /// Whether more than a thousandth of the values are larger than the limit.
    private static func exceeds(_ limit: Float, _ values: [Float]) -> Bool {
        values.reduce(into: 0) { $0 += $1 > limit ? 1 : 0 } * 1000 > values.count
    }
}

/// One coordinate of chroma as a function of lightness.
private struct ToneCurve {
    private static let steps = 24
    private var means = [Float](repeating: 0, count: steps)

    /// Least squares is not needed: each value is shared between its two nearest steps.
    init(_ lightness: [Float], _ values: ArraySlice<Float>) {
        var weights = [Float](repeating: 0, count: Self.steps)
        for (lightness, value) in zip(lightness, values) {
            let (step, fraction) = Self.position(lightness)
            means[step] += (1 - fraction) * value
            means[step + 1] += fraction * value
            weights[step] += 1 - fraction
            weights[step + 1] += fraction
        }
        for step in 0..<Self.steps where weights[step] > 0 { means[step] /= weights[step] }
    }

    subscript(_ lightness: Float) -> Float {
        let (step, fraction) = Self.position(lightness)
        return means[step] * (1 - fraction) + means[step + 1] * fraction
    }

    private static func position(_ lightness: Float) -> (Int, Float) {
        let place = min(max(lightness / 100, 0), 1) * Float(steps - 1)
        let step = min(Int(place), steps - 2)
        return (step, place - Float(step))
    }
}
