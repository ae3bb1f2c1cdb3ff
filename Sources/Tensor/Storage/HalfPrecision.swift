/// Conversions between 32-bit floats and the 16-bit formats of model files, in integer arithmetic.
package enum HalfPrecision {
    /// The value of an IEEE 754 binary16 pattern, exactly.
    package static func float(_ half: UInt16) -> Float {
        let sign = UInt32(half & 0x8000) << 16
        let rest = UInt32(half & 0x7FFF) << 13
        if half & 0x7C00 == 0x7C00 { return Float(bitPattern: sign | 0x7F80_0000 | rest) }
        // The product moves the exponent's bias from 15 to 127 and is exact for subnormal numbers too.
        let magnitude = Float(bitPattern: rest) * 0x1p112
        return Float(bitPattern: sign | magnitude.bitPattern)
    }

    /// The nearest IEEE 754 binary16 pattern, ties to even; beyond 65504 it is infinite.
    package static func half(_ value: Float) -> UInt16 {
        let sign = UInt16(value.bitPattern >> 16) & 0x8000
        let magnitude = Float(bitPattern: value.bitPattern & 0x7FFF_FFFF)
        if magnitude.isNaN { return sign | 0x7E00 }
        if magnitude >= 65520 { return sign | 0x7C00 }
        if magnitude < 0x1p-14 {
            // Adding 1/2 leaves multiples of 2⁻²⁴, the subnormal spacing, in the lowest bits.
            return sign | UInt16(truncatingIfNeeded: (magnitude + 0.5).bitPattern &- Float(0.5).bitPattern)
        }
        let bits = magnitude.bitPattern
        let rounded = bits &+ 0xFFF &+ ((bits >> 13) & 1)
        return sign | UInt16(truncatingIfNeeded: (rounded &- (112 << 23)) >> 13)
    }

    /// The value of a bfloat16 pattern, exactly.
    package static func float(brain: UInt16) -> Float { Float(bitPattern: UInt32(brain) << 16) }
}
