/// A stream of random numbers that is the same on every host for the same 128 bits.
///
/// `low` is Philox's key and `high` the upper half of its counter, so streams that differ in any bit are independent,
/// each 2⁶⁴ blocks long. Only integer operations and correctly rounded arithmetic are used, never a C library's
/// functions, whose last bits differ between hosts.
package struct RandomStream: RandomNumberGenerator, Sendable {
    private let key: SIMD2<UInt32>
    private let upper: SIMD2<UInt32>
    private var counter: UInt64 = 0
    private var words = SIMD4<UInt32>()
    private var used = 4

    /// The stream of 128 bits, from its beginning.
    package init(high: UInt64, low: UInt64) {
        key = SIMD2(UInt32(truncatingIfNeeded: low), UInt32(truncatingIfNeeded: low >> 32))
        upper = SIMD2(UInt32(truncatingIfNeeded: high), UInt32(truncatingIfNeeded: high >> 32))
    }

    /// The next 32 bits.
    package mutating func nextWord() -> UInt32 {
        if used == 4 {
            let lower = SIMD2(UInt32(truncatingIfNeeded: counter), UInt32(truncatingIfNeeded: counter >> 32))
            words = Philox.block(counter: SIMD4(lowHalf: lower, highHalf: upper), key: key)
            counter &+= 1
            used = 0
        }
        defer { used += 1 }
        return words[used]
    }

    /// The next 64 bits, the lower half first.
    package mutating func next() -> UInt64 {
        let lower = nextWord()
        return UInt64(nextWord()) << 32 | UInt64(lower)
    }

    /// A uniform number in (0, 1), never an end, from 52 of 64 bits.
    package mutating func nextUniform() -> Double {
        (Double(next() >> 12) + 0.5) * 0x1p-52
    }

    /// A uniform number in [-1, 1), a multiple of 2⁻²³, from one word.
    package mutating func nextSymmetric() -> Float {
        Float(nextWord() >> 8) * 0x1p-23 - 1
    }

    /// A standard normal number, by the inverse of the normal distribution's function.
    package mutating func nextNormal() -> Double {
        NormalDistribution.quantile(nextUniform())
    }

    /// `count` standard normal numbers.
    package mutating func normals(_ count: Int) -> [Float] {
        (0..<count).map { _ in Float(nextNormal()) }
    }
}
