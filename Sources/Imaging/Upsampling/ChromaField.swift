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

    /// The four cells around a pixel of a picture, and their shares of it.
    static func corners(x: Int, y: Int, width: Int, height: Int) -> [(cell: Int, share: Float)] {
        let (column, row) = (position(x, of: width), position(y, of: height))
        return [(row.low, 1 - row.fraction), (row.high, row.fraction)].flatMap { row, down in
            [(column.low, 1 - column.fraction), (column.high, column.fraction)].map { column, across in
                (row * side + column, down * across)
            }
        }
    }

    /// a and b at a pixel of a picture whose L/100 is `lightness`.
    func chroma(x: Int, y: Int, width: Int, height: Int, lightness: Float) -> SIMD2<Float> {
        let size = Self.side * Self.side
        return Self.corners(x: x, y: y, width: width, height: height).reduce(into: SIMD2()) { sum, corner in
            let line = (0..<4).map { planes[$0 * size + corner.cell] }
            sum += corner.share * SIMD2(line[0] * lightness + line[1], line[2] * lightness + line[3])
        }
    }
}
