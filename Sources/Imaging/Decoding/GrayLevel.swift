import Foundation

/// The tone of a pixel: the 16-bit sRGB value of the neutral gray of its lightness.
///
/// A gray file's own values are its tones (8-bit ones times 257), so that they come back exactly; half the size
/// of a float, and one table away from L.
enum GrayLevel {
    /// Largest tone, white.
    static let white: Float = 65535

    /// L of every tone, 0…100.
    static let lightness = Table { tone in
        let y = Lab.decode(tone)
        return 116 * (y > 216.0 / 24389 ? cbrt(y) : y * 841 / 108 + 4.0 / 29) - 16
    }

    /// Linear light of every tone, 0…1.
    static let linear = Table(Lab.decode)

    /// Tones of eight luminances in 0…1.
    @inline(__always)
    static func ofLuminance(_ y: Vector) -> SIMD8<UInt32> {
        VectorMath.rounded(VectorMath.encode(y) * white)
    }

    /// A value for every tone.
    ///
    /// Safe to share: written once before anyone has it, never freed, and any 16-bit index is inside.
    struct Table: @unchecked Sendable {
        let base: UnsafePointer<Float>

        fileprivate init(_ value: (Double) -> Double) {
            let base = UnsafeMutablePointer<Float>.allocate(capacity: 65536)
            for tone in 0...65535 { base[tone] = Float(value(Double(tone) / 65535)) }
            self.base = UnsafePointer(base)
        }

        @inline(__always)
        subscript(_ tone: UInt16) -> Float { base[Int(tone)] }
    }
}
