import Tensor

/// Chroma as a local linear function of lightness, at 256×256: `a = slope · L/100 + offset`, and so for b.
///
/// Its four planes vary slowly; sampled bilinearly at any resolution and applied to the lightness there, chroma
/// follows the edges of the picture.
package struct ChromaField: Sendable {
    static let side = NetworkGeometry.lightnessSide

    /// Slope of a, offset of a, slope of b, offset of b, one plane after the other.
    let planes: [Float]

    init(planes: [Float]) {
        precondition(planes.count == 4 * Self.side * Self.side, "a field has four planes of 256×256")
        self.planes = planes
    }

    /// The place of pixel `index` of `count` between two rows or columns of the field.
    ///
    /// As `Resampler` has it for pictures larger than the field; smaller ones are sampled at points and not over areas.
    static func position(_ index: Int, of count: Int) -> (low: Int, high: Int, fraction: Float) {
        let place = (Double(index) + 0.5) * Double(side) / Double(count) - 0.5
        let clamped = min(max(place, 0), Double(side - 1))
        let low = Int(clamped)
        return (low, min(low + 1, side - 1), Float(clamped - Double(low)))
    }
}
