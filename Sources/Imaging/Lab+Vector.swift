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

    /// The square root of each lane; lanes must be positive or zero.
    ///
    /// The standard library's takes one lane after the other. Newton's steps for 1/√x need no division.
    @inline(__always)
    static func squareRoot(_ x: Vector) -> Vector {
        let bits = unsafeBitCast(x, to: SIMD8<UInt32>.self)
        var inverse = unsafeBitCast(0x5F37_59DF &- (bits &>> 1), to: Vector.self)
        let half = x * 0.5
        for _ in 0..<3 { inverse = inverse * (1.5 - half * inverse * inverse) }
        return x * inverse
    }

    /// Linear light to the sRGB curve (IEC 61966-2-1), both in 0…1; other lanes are clamped.
    @inline(__always)
    static func encode(_ linear: Vector) -> Vector {
        let x = least(most(linear, Vector(repeating: 0)), Vector(repeating: 1))
        // x^(1/2.4) = x^(1/4) · x^(1/6)
        let half = squareRoot(x)
        let power = squareRoot(half) * cubeRoot(half)
        return (power * 1.055 - 0.055).replacing(with: x * 12.92, where: x .<= 0.0031308)
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
