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
        /// Whether transparent parts are laid onto white instead, at 8 bits.
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

        static func += (sum: inout Tally, part: Tally) {
            sum.clipped += part.clipped
            sum.chroma += part.chroma
        }
    }

    private let plane: GrayPlane
    private let layout: Layout
    private let rows: FieldRows
    private let chunk = PaintChunk()

    /// - Parameter saturation: what chroma is multiplied by.
    init(plane: GrayPlane, field: ChromaField, saturation: Double, layout: Layout) {
        precondition(layout.depth == 8 || !layout.flattens, "only 8 bits are laid onto white")
        self.plane = plane
        self.layout = layout
        rows = FieldRows(field, width: plane.width, height: plane.height, saturation: saturation)
    }

    /// Paints row `y` into `output`, which has room for the width of the plane.
    func paint(_ y: Int, into output: UnsafeMutableRawPointer) -> Tally {
        let (row, start) = (rows.row(y), y * plane.width)
        var tally = Tally()
        plane.tones.withUnsafeBufferPointer { tones in
            for x in stride(from: 0, to: plane.width, by: PaintChunk.size) {
                let count = min(PaintChunk.size, plane.width - x)
                tally += chunk.color(tones.baseAddress! + start + x, count: count, row, at: x)
                let target = output + x * layout.bytesPerPixel
                if layout.depth == 16 {
                    chunk.write(count, to: target.assumingMemoryBound(to: UInt16.self), bands: layout.bands)
                } else {
                    chunk.write(count, to: target.assumingMemoryBound(to: UInt8.self), bands: layout.bands)
                }
            }
        }
        if let alpha = plane.alpha {
            alpha.withUnsafeBufferPointer { finish(output, $0.baseAddress! + start) }
        }
        return tally
    }

    /// Adds a row's opacity as far as the layout has it.
    private func finish(_ output: UnsafeMutableRawPointer, _ alpha: UnsafePointer<UInt16>) {
        let (bytes, words) = (
            output.assumingMemoryBound(to: UInt8.self), output.assumingMemoryBound(to: UInt16.self)
        )
        for x in 0..<plane.width {
            if layout.hasAlpha, layout.depth == 16 {
                words[x * 4 + 3] = alpha[x]
            } else if layout.hasAlpha {
                bytes[x * 4 + 3] = UInt8((UInt32(alpha[x]) + 128) / 257)
            } else if layout.flattens {
                for i in x * 3..<x * 3 + 3 {
                    bytes[i] = 255 - UInt8((UInt32(255 - bytes[i]) * UInt32(alpha[x]) + 32767) / 65535)
                }
            }
        }
    }
}
