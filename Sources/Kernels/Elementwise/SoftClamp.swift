import Foundation

/// The soft clamp of an affine coupling's log scale, s′ = α·0.636·atan(s/α): never beyond ±α.
package struct SoftClamp: Sendable {
    /// About 2/π, as the paper's authors have it.
    static var factor: Double { 0.636 }

    /// The bound.
    package let alpha: Float

    package init(alpha: Float) {
        precondition(alpha > 0, "the clamp must be positive, not \(alpha)")
        self.alpha = alpha
    }

    /// s′ of s.
    package func callAsFunction(_ s: Float) -> Float { alpha * Float(Self.factor) * atan(s / alpha) }

    /// ds′/ds = 0.636/(1 + (s/α)²).
    package func slope(_ s: Float) -> Float { Float(Self.factor) / (1 + (s / alpha) * (s / alpha)) }

    /// The s whose s′ is given.
    package func inverse(_ clamped: Double) -> Double {
        Double(alpha) * tan(clamped / (Double(alpha) * Self.factor))
    }

    /// s′ of eight s.
    @inline(__always)
    func callAsFunction(_ s: Vector) -> Vector { VectorMath.atan(s * (1 / alpha)) * (Float(Self.factor) * alpha) }

    /// ds′/ds at eight s.
    @inline(__always)
    func slope(_ s: Vector) -> Vector {
        let ratio = s * (1 / alpha)
        return Float(Self.factor) / (1 + ratio * ratio)
    }
}
