/// Elementary functions of eight floats at once.
enum VectorMath {
    /// atan x, with a relative error below 2e-7; NaN stays NaN.
    ///
    /// The polynomial is the Chebyshev fit of atan(√z)/√z on [0, 1]; larger arguments go by atan x = π/2 − atan(1/x).
    @inline(__always)
    static func atan(_ x: Vector) -> Vector {
        let sign = bits(x) & 0x8000_0000
        let size = floats(bits(x) & 0x7FFF_FFFF)
        let large = size .> 1
        let r = size.replacing(with: 1 / size, where: large)
        let z = r * r
        var p = Vector(repeating: 0.0010844928)
        p = Vector(repeating: -0.007166165).addingProduct(p, z)
        p = Vector(repeating: 0.022203455).addingProduct(p, z)
        p = Vector(repeating: -0.04427367).addingProduct(p, z)
        p = Vector(repeating: 0.06710114).addingProduct(p, z)
        p = Vector(repeating: -0.08796117).addingProduct(p, z)
        p = Vector(repeating: 0.11053785).addingProduct(p, z)
        p = Vector(repeating: -0.14279048).addingProduct(p, z)
        p = Vector(repeating: 0.19999596).addingProduct(p, z)
        p = Vector(repeating: -0.33333324).addingProduct(p, z)
        // p·z is small beside the leading 1, so the sum keeps its last bits.
        let near = r.addingProduct(r * z, p)
        // π/2 in two parts.
        let far = (Vector(repeating: 1.5707964) - near) - 4.371139e-08
        return floats(bits(near.replacing(with: far, where: large)) | sign)
    }

    /// eˣ, with a relative error below 2e-7; arguments are held within ±87, NaN stays NaN.
    @inline(__always)
    static func exp(_ x: Vector) -> Vector {
        let held = x.replacing(with: 87, where: x .> 87).replacing(with: -87, where: x .< -87)
        // Adding 1.5·2²³ rounds to an integer and leaves it in the low bits.
        let shifter = Vector(repeating: 12_582_912)
        let shifted = shifter.addingProduct(held, 1.442695)
        let n = shifted - shifter
        let r = held.addingProduct(n, -0.693359375).addingProduct(n, 2.1219444e-4)
        var p = Vector(repeating: 0.00019899275)
        p = Vector(repeating: 0.0013933642).addingProduct(p, r)
        p = Vector(repeating: 0.0083332983).addingProduct(p, r)
        p = Vector(repeating: 0.041666465).addingProduct(p, r)
        p = Vector(repeating: 0.16666667).addingProduct(p, r)
        p = Vector(repeating: 0.5).addingProduct(p, r)
        let fraction = 1 + r.addingProduct(r * r, p)
        let power = floats((bits(shifted) &<< 23) &+ 0x3F80_0000)
        return fraction * power
    }

    /// √x, lane by lane, which the compiler joins; the library's own is not specialised.
    @inline(__always)
    static func squareRoot(_ x: Vector) -> Vector {
        Vector(
            x[0].squareRoot(), x[1].squareRoot(), x[2].squareRoot(), x[3].squareRoot(), x[4].squareRoot(),
            x[5].squareRoot(), x[6].squareRoot(), x[7].squareRoot())
    }

    @inline(__always)
    private static func bits(_ x: Vector) -> SIMD8<UInt32> { unsafeBitCast(x, to: SIMD8<UInt32>.self) }

    @inline(__always)
    private static func floats(_ x: SIMD8<UInt32>) -> Vector { unsafeBitCast(x, to: Vector.self) }
}
