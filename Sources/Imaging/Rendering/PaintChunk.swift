import CPainting

/// Some hundred pixels of a row on their way from lightness to linear light.
///
/// Not Sendable: each thread has its own.
final class PaintChunk {
    /// Most pixels of a chunk.
    static let size = Int(PAINT_CHUNK)
    /// Pixels that are computed together: memory that a chunk reads has room for whole groups.
    static let group = Int(PAINT_GROUP)

    /// 8-bit samples of linear light in equal steps.
    ///
    /// They are within 0.11 levels of the curve where it is steepest, from black on, and nearer further up.
    private static let samples: [UInt8] = (0..<Int(PAINT_STEPS)).map { step in
        let linear = Double(step) / Double(PAINT_STEPS - 1)
        return UInt8((Lab.encode(linear) * 255).rounded())
    }

    /// The first of `size` numbers each.
    let pixels: paint_chunk
    private let numbers: UnsafeMutablePointer<Float>
    private let indices: UnsafeMutablePointer<UInt16>

    init() {
        numbers = .allocate(capacity: 9 * Self.size)
        numbers.initialize(repeating: 0, count: 9 * Self.size)
        indices = .allocate(capacity: 4 * Self.size)
        indices.initialize(repeating: 0, count: 4 * Self.size)
        let part = { [numbers] in numbers + $0 * Self.size }
        pixels = paint_chunk(
            light: part(0), y: part(1), a: part(2), b: part(3), length: part(4), red: part(5), green: part(6),
            blue: part(7), excess: part(8), outside: indices, places: indices + Self.size)
    }

    deinit {
        numbers.deallocate()
        indices.deallocate()
    }

    /// Colours pixels; those that sRGB does not have lose chroma.
    /// - Parameters:
    ///   - tones: those of `count` pixels.
    ///   - row: the field's, from column `x` on.
    /// - Returns: what that made of the chroma.
    func color(_ tones: UnsafePointer<UInt16>, count: Int, _ row: FieldRows.Row, at x: Int) -> RowPainter.Tally {
        var pixels = pixels
        paint_lightness(&pixels, count, tones, GrayLevel.lightness.base)
        paint_colors(&pixels, count, row.top + x, row.step + x, row.stride, row.fraction)
        let outside = paint_outside(&pixels, count, Gamut.tolerance)
        var tally = RowPainter.Tally(clipped: fit(outside))
        var sums = Vector()
        let whole = count & ~7
        for i in stride(from: 0, to: whole, by: 8) { sums += Vector(at: pixels.length + i) }
        if whole < count { sums += Vector(at: pixels.length + whole, count: count - whole) }
        tally.chroma = Double(sums.sum())
        return tally
    }

    /// Fits the pixels in the list into sRGB.
    /// - Returns: how many of them lose more than half a unit of chroma.
    private func fit(_ count: Int) -> Int {
        var clipped = 0
        for start in stride(from: 0, to: count, by: 8) {
            let lanes = min(8, count - start)
            // Idle lanes are gray.
            var (y, a, b) = (Vector(repeating: 0.5), Vector(), Vector())
            for lane in 0..<lanes {
                let i = Int(pixels.outside[start + lane])
                (y[lane], a[lane], b[lane]) = (pixels.y[i], pixels.a[i], pixels.b[i])
            }
            let fit = Gamut.fit(y, a, b)
            for lane in 0..<lanes {
                let i = Int(pixels.outside[start + lane])
                (pixels.red[i], pixels.green[i], pixels.blue[i]) = (fit.red[lane], fit.green[lane], fit.blue[lane])
                let kept = pixels.length[i] * fit.scale[lane]
                if pixels.length[i] - kept > 0.5 { clipped += 1 }
                pixels.length[i] = kept
            }
        }
        return clipped
    }

    /// Writes 8-bit samples.
    /// - Parameter bands: 3, or 4 of which the last is left as it is.
    func write(_ count: Int, to output: UnsafeMutablePointer<UInt8>, bands: Int) {
        var pixels = pixels
        Self.samples.withUnsafeBufferPointer { paint_bytes(&pixels, count, $0.baseAddress!, output, bands) }
    }

    /// Writes 16-bit samples.
    func write(_ count: Int, to output: UnsafeMutablePointer<UInt16>, bands: Int) {
        for start in stride(from: 0, to: count, by: 8) {
            let lanes = min(8, count - start)
            for (band, linear) in [pixels.red!, pixels.green!, pixels.blue!].enumerated() {
                let coded = VectorMath.rounded(VectorMath.encode(Vector(at: linear + start)) * GrayLevel.white)
                for lane in 0..<lanes {
                    output[(start + lane) * bands + band] = UInt16(truncatingIfNeeded: coded[lane])
                }
            }
        }
    }
}
