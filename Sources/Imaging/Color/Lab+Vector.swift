/// Eight pixels' worth of one quantity.
typealias Vector = SIMD8<Float>

/// Elementary functions of vectors, exact to a few units in the last place and the same bits on every host.
enum VectorMath {
    /// The cube root of each lane; lanes must be positive or zero.
    ///
    /// A third of the exponent gives 5 % accuracy, and each of two Halley steps cubes the error.
    @inline(__always)
    static func cubeRoot(_ x: Vector) -> Vector {
        // A third of the bits, as a quarter and a sixteenth and so on: no vector unit divides integers.
        let bits = unsafeBitCast(x, to: SIMD8<UInt32>.self)
        var third = (bits &>> 2) &+ (bits &>> 4)
        third = third &+ (third &>> 4)
        third = third &+ (third &>> 8)
        var y = unsafeBitCast(third &+ 709_921_077, to: Vector.self)
        for _ in 0..<3 {
            let cube = y * y * y
            y = y * (cube + x + x) / (cube + cube + x)
        }
        return y.replacing(with: 0, where: x .<= 0)
    }

    /// Linear light to the sRGB curve (IEC 61966-2-1), both in 0…1; other lanes are clamped.
    @inline(__always)
    static func encode(_ linear: Vector) -> Vector {
        let x = least(most(linear, Vector(repeating: 0)), Vector(repeating: 1))
        return (power5by12(x) * 1.055 - 0.055).replacing(with: x * 12.92, where: x .<= 0.0031308)
    }

    /// x^(1/2.4) for normal numbers up to 1, by polynomials of mantissa and exponent with errors of 5·10⁻⁸.
    @inline(__always)
    private static func power5by12(_ x: Vector) -> Vector {
        let bits = unsafeBitCast(x, to: SIMD8<UInt32>.self)
        // x = 2^e·(1 + f), and 5e/12 = q − 53 + r/12 with r in 0..<12; the quotient is exact in this range.
        let f = unsafeBitCast((bits & 0x7F_FFFF) | 0x3F80_0000, to: Vector.self) - 1
        let twelfths = (bits &>> 23) &* 5 &+ 1
        let q = (twelfths &* 21846) &>> 18
        let r = unsafeBitCast((twelfths &- q &* 12) | 0x4B00_0000, to: Vector.self) - 8_388_608
        let mantissa = polynomial(
            f, 1, 0.41666299, -0.12144339, 0.0633898973, -0.0380410813, 0.020848304, -0.00810975395, 0.00153289072)
        let fraction = polynomial(
            r, 1, 0.0577625744, 0.00166789035, 3.22608830e-5, 4.38874054e-7, 7.33136751e-9)
        return mantissa * fraction * unsafeBitCast((q &+ 74) &<< 23, to: Vector.self)
    }

    /// The polynomial with the given coefficients, that of x⁰ first.
    @inline(__always)
    private static func polynomial(
        _ x: Vector, _ c0: Float, _ c1: Float, _ c2: Float, _ c3: Float, _ c4: Float, _ c5: Float, _ c6: Float = 0,
        _ c7: Float = 0
    ) -> Vector {
        let square = x * x
        let low = Vector(repeating: c0).addingProduct(x, c1)
        let second = Vector(repeating: c2).addingProduct(x, c3)
        let third = Vector(repeating: c4).addingProduct(x, c5)
        let last = Vector(repeating: c6).addingProduct(x, c7)
        return low.addingProduct(square, second.addingProduct(square, third.addingProduct(square, last)))
    }

    /// The smaller lanes: one instruction, where the standard library's function is a loop.
    @inline(__always)
    static func least(_ x: Vector, _ y: Vector) -> Vector { x.replacing(with: y, where: y .< x) }

    /// The larger lanes.
    @inline(__always)
    static func most(_ x: Vector, _ y: Vector) -> Vector { x.replacing(with: y, where: y .> x) }

    /// Lanes rounded to the nearest integer, for lanes from 0 to 65535.
    @inline(__always)
    static func rounded(_ x: Vector) -> SIMD8<UInt32> {
        // Adding 2²³ leaves no bits for a fraction: the low bits are the rounded integer.
        unsafeBitCast(x + 8_388_608, to: SIMD8<UInt32>.self) & 0xFFFF
    }
}
