/// Fitting colours into sRGB by lowering chroma, at constant lightness and hue.
enum Gamut {
    /// How far linear light may leave 0…1 before it counts as outside: the rounding of the conversion itself.
    static let tolerance: Float = 4e-6
    /// How near to the edge of that a fitted colour lies.
    private static let precision: Float = 1e-6

    /// Eight colours inside the gamut.
    struct Fit {
        var red: Vector
        var green: Vector
        var blue: Vector
        /// The factor on chroma, 0…1; 1 inside the gamut.
        var scale: Vector
    }

    /// The most colourful colours in sRGB of the given lightness and hue, up to the given chroma.
    ///
    /// Regula falsi (the Illinois method) along the ray from neutral gray, which is always inside: four or five steps, seldom
    /// the sixteen that are allowed. One colour in ten thousand has an error of chroma of more than 0.01.
    /// - Parameter y: (L + 16) / 116.
    @inline(__always)
    static func fit(_ y: Vector, _ a: Vector, _ b: Vector) -> Fit {
        var (red, green, blue) = Lab.linearRGB(y, a, b)
        var scale = Vector(repeating: 1)
        var beyond = excess(red, green, blue)
        let outside = beyond .> 0
        if any(outside) {
            // Lanes that are inside already stand at 1 all the while.
            var low = scale.replacing(with: 0, where: outside)
            var high = scale
            let gray = Lab.linearRGB(y, Vector(), Vector()).1
            var within = excess(gray, gray, gray)
            beyond.replace(with: 1, where: .!outside)
            within.replace(with: -1, where: .!outside)
            var wasInside = SIMDMask<SIMD8<Int32>>(repeating: false)
            var wasOutside = wasInside
            for step in 0...16 {
                scale = step < 16 ? low + (high - low) * (within / (within - beyond)) : low
                (red, green, blue) = Lab.linearRGB(y, a * scale, b * scale)
                let now = excess(red, green, blue)
                let isInside = now .<= 0
                if all((now * now .<= precision * precision) .| .!outside) { break }
                // An end that stays for a second step counts half, so that the other comes nearer too.
                beyond.replace(with: beyond * 0.5, where: isInside .& wasInside)
                within.replace(with: within * 0.5, where: .!isInside .& wasOutside)
                low.replace(with: scale, where: isInside)
                within.replace(with: now, where: isInside)
                high.replace(with: scale, where: .!isInside)
                beyond.replace(with: now, where: .!isInside)
                (wasInside, wasOutside) = (isInside, .!isInside)
            }
        }
        return Fit(red: red, green: green, blue: blue, scale: scale)
    }

    /// How far the channel that is farthest outside 0…1 lies outside, less the tolerance; 0 or less inside.
    @inline(__always)
    private static func excess(_ red: Vector, _ green: Vector, _ blue: Vector) -> Vector {
        let least = VectorMath.least(red, VectorMath.least(green, blue))
        let most = VectorMath.most(red, VectorMath.most(green, blue))
        return VectorMath.most(most - 1, -least) - tolerance
    }
}
