/// Fitting colours into sRGB by lowering chroma, at constant lightness and hue.
enum Gamut {
    /// How far linear light may leave 0…1 before it counts as outside: the rounding of the conversion itself.
    private static let tolerance: Float = 4e-6

    /// Eight colours inside the gamut.
    struct Fit {
        var red: Vector
        var green: Vector
        var blue: Vector
        /// What chroma was multiplied by, 0…1; 1 inside the gamut.
        var scale: Vector
    }

    /// The most colourful colours in sRGB of the given lightness and hue, up to the given chroma.
    ///
    /// Bisection along the ray from neutral gray, which is always inside; 14 halvings leave an error of chroma of
    /// less than 0.01.
    /// - Parameter y: (L + 16) / 116.
    @inline(__always)
    static func fit(_ y: Vector, _ a: Vector, _ b: Vector) -> Fit {
        var (red, green, blue) = Lab.linearRGB(y, a, b)
        var low = Vector(repeating: 1)
        let outside = .!isInside(red, green, blue)
        if any(outside) {
            low.replace(with: 0, where: outside)
            var high = Vector(repeating: 1)
            for _ in 0..<14 {
                let middle = (low + high) * 0.5
                let (r, g, b) = Lab.linearRGB(y, a * middle, b * middle)
                let fits = isInside(r, g, b)
                low.replace(with: middle, where: fits .& outside)
                high.replace(with: middle, where: .!fits)
            }
            (red, green, blue) = Lab.linearRGB(y, a * low, b * low)
        }
        return Fit(red: red, green: green, blue: blue, scale: low)
    }

    @inline(__always)
    private static func isInside(_ red: Vector, _ green: Vector, _ blue: Vector) -> SIMDMask<SIMD8<Int32>> {
        let least = VectorMath.least(red, VectorMath.least(green, blue))
        let most = VectorMath.most(red, VectorMath.most(green, blue))
        return (least .>= -tolerance) .& (most .<= 1 + tolerance)
    }
}
