/// How much colour a photograph has.
package enum Chromaticity: String, Sendable, Codable, CaseIterable {
    /// No colour at all, or no more than compression leaves.
    case gray
    /// One tint that follows lightness, such as sepia or selenium, or yellowed paper.
    case toned
    /// Colours that lightness does not explain.
    case coloured

    /// Decides from small planes, whose averaging has removed the noise of compression and grain.
    ///
    /// Chroma is fitted as a function of L, a mean for each of 24 steps with linear interpolation between them. What
    /// the fit leaves over is colour that a tint does not explain. The most extreme thousandth tells a coloured
    /// detail in a gray picture.
    /// - Parameters:
    ///   - lightness: L, 0…100.
    ///   - chroma: all of a, then all of b.
    init(lightness: [Float], chroma: [Float]) {
        precondition(chroma.count == 2 * lightness.count, "two values of chroma for one of L")
        let count = lightness.count
        let strengths = (0..<count).map { Self.length(chroma[$0], chroma[count + $0]) }
        if Self.isAtMost(rms: 2.0, extreme: 5.0, strengths) {
            self = .gray
            return
        }
        let fit = (ToneCurve(lightness, chroma.prefix(count)), ToneCurve(lightness, chroma.suffix(count)))
        let residuals = (0..<count).map { i in
            Self.length(chroma[i] - fit.0[lightness[i]], chroma[count + i] - fit.1[lightness[i]])
        }
        self = Self.isAtMost(rms: 3.0, extreme: 10.0, residuals) ? .toned : .coloured
    }

    private static func length(_ a: Float, _ b: Float) -> Float { (a * a + b * b).squareRoot() }

    private static func isAtMost(rms: Float, extreme: Float, _ values: [Float]) -> Bool {
        let meanSquare = values.reduce(into: 0.0) { $0 += Double($1 * $1) } / Double(values.count)
        let beyond = values.reduce(into: 0) { $0 += $1 > extreme ? 1 : 0 }
        return meanSquare <= Double(rms * rms) && beyond * 1000 <= values.count
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
