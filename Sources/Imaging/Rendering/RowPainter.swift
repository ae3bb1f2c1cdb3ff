/// Paints rows of a picture: its tones under the colours of a field.
///
/// Not Sendable: each thread has its own.
final class RowPainter {
    /// The layout of a row of output.
    struct Layout: Sendable {
        /// 8 or 16 bits a sample.
        var depth = 8
        /// Whether opacity is the fourth sample.
        var hasAlpha = false
        /// Whether transparent parts are laid onto white instead.
        var flattens = false

        var bands: Int { hasAlpha ? 4 : 3 }
        var bytesPerPixel: Int { bands * depth / 8 }
    }

    /// The changes that painting a row made to its colours.
    struct Tally: Sendable {
        /// Pixels whose chroma the gamut lowered by more than half a unit.
        var clipped = 0
        /// Sum of the chroma that was painted.
        var chroma: Double = 0
    }

    private let plane: GrayPlane
    private let layout: Layout
    private let rows: FieldRows

    /// - Parameter saturation: what chroma is multiplied by.
    init(plane: GrayPlane, field: ChromaField, saturation: Double, layout: Layout) {
        self.plane = plane
        self.layout = layout
        rows = FieldRows(field, width: plane.width, height: plane.height, saturation: saturation)
    }

    /// Paints row `y` into `output`, which has room for the width of the plane.
    func paint(_ y: Int, into output: UnsafeMutableRawPointer) -> Tally {
        let row = rows.row(y)
        return layout.depth == 16
            ? paint(y, row, output.assumingMemoryBound(to: UInt16.self), 65535, step: 1)
            : paint(y, row, output.assumingMemoryBound(to: UInt8.self), 255, step: 257)
    }

    private func paint<Sample: FixedWidthInteger & UnsignedInteger>(
        _ y: Int, _ row: FieldRows.Row, _ output: UnsafeMutablePointer<Sample>, _ white: Float, step: UInt16
    ) -> Tally {
        var sums = Sums()
        let start = y * plane.width
        plane.tones.withUnsafeBufferPointer { tones in
            @inline(__always)
            func paint(_ x: Int, count: Int) {
                var light = Vector()
                for lane in 0..<count { light[lane] = GrayLevel.lightness[tones[start + x + lane]] }
                let chroma = row.chroma(at: x, under: light)
                let fit = Gamut.fit((light + 16) * (1 / 116), chroma.a, chroma.b)
                let coded = code(fit, at: start + x, count: count, white)
                write(coded, to: output + x * layout.bands, count: count)
                add(fit, chroma, lanes: count, to: &sums)
            }
            // Full groups by themselves, so that their loops over lanes have a constant length.
            let whole = plane.width & ~7
            for x in stride(from: 0, to: whole, by: 8) { paint(x, count: 8) }
            if whole < plane.width { paint(whole, count: plane.width - whole) }
        }
        if layout.hasAlpha, let alpha = plane.alpha {
            for x in 0..<plane.width {
                let value = Int(alpha[start + x])
                output[x * 4 + 3] = Sample(truncatingIfNeeded: step == 1 ? value : (value + 128) / 257)
            }
        }
        return sums.counter
    }

    /// The sRGB samples of eight colours, rounded.
    @inline(__always)
    private func code(_ fit: Gamut.Fit, at index: Int, count: Int, _ white: Float)
        -> (SIMD8<UInt32>, SIMD8<UInt32>, SIMD8<UInt32>)
    {
        var (red, green, blue) = (
            VectorMath.encode(fit.red), VectorMath.encode(fit.green), VectorMath.encode(fit.blue)
        )
        if layout.flattens, let alpha = plane.alpha {
            var opacity = Vector(repeating: 1)
            for lane in 0..<count { opacity[lane] = Float(alpha[index + lane]) / 65535 }
            red = (red - 1) * opacity + 1
            green = (green - 1) * opacity + 1
            blue = (blue - 1) * opacity + 1
        }
        return (VectorMath.rounded(red * white), VectorMath.rounded(green * white), VectorMath.rounded(blue * white))
    }

    @inline(__always)
    private func write<Sample: FixedWidthInteger>(
        _ coded: (SIMD8<UInt32>, SIMD8<UInt32>, SIMD8<UInt32>), to output: UnsafeMutablePointer<Sample>, count: Int
    ) {
        let bands = layout.bands
        for lane in 0..<count {
            output[lane * bands] = Sample(truncatingIfNeeded: coded.0[lane])
            output[lane * bands + 1] = Sample(truncatingIfNeeded: coded.1[lane])
            output[lane * bands + 2] = Sample(truncatingIfNeeded: coded.2[lane])
        }
    }

    /// Adds eight painted pixels to the sums.
    @inline(__always)
    private func add(_ fit: Gamut.Fit, _ chroma: (a: Vector, b: Vector), lanes: Int, to sums: inout Sums) {
        var length = VectorMath.squareRoot(chroma.a * chroma.a + chroma.b * chroma.b)
        if lanes < 8 {
            for lane in lanes..<8 { length[lane] = 0 }
        }
        let kept = length * fit.scale
        sums.chroma += kept
        sums.clipped += Vector(repeating: 0).replacing(with: 1, where: length - kept .> 0.5)
    }

    /// The tally of a row, lane by lane.
    private struct Sums {
        var clipped = Vector(repeating: 0)
        var chroma = Vector(repeating: 0)

        var counter: Tally {
            Tally(clipped: Int(clipped.sum()), chroma: Double(chroma.sum()))
        }
    }
}
