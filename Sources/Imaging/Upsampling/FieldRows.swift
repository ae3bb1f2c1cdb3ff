/// The rows of a field at a picture's width, between which its pixels' chroma lies.
///
/// Not Sendable: each thread has its own, and a row is valid until the next one is asked for.
final class FieldRows {
    /// The place of a row of the picture between two rows of the field.
    struct Row {
        /// The upper row: slope and offset of a, then of b, `stride` apart.
        let top: UnsafePointer<Float>
        /// What the lower row has more.
        let step: UnsafePointer<Float>
        /// How far down from the upper one it lies, 0…1.
        let fraction: Float
        let stride: Int

        /// a and b of eight pixels from column `x` on, whose lightness is `light`.
        @inline(__always)
        func chroma(at x: Int, under light: Vector) -> (a: Vector, b: Vector) {
            let guide = light * 0.01
            return (blend(0, x) * guide + blend(1, x), blend(2, x) * guide + blend(3, x))
        }

        @inline(__always)
        private func blend(_ plane: Int, _ x: Int) -> Vector {
            Vector(at: top + plane * stride + x).addingProduct(Vector(at: step + plane * stride + x), fraction)
        }
    }

    private let field: ChromaField
    private let height: Int
    private let saturation: Float
    /// For each column of the picture the columns of the field on either side, and how far it lies from the left one.
    private let columns: [(low: UInt16, high: UInt16, fraction: Float)]
    private let stride: Int
    /// Two rows of the field at full width, four planes each, even rows in the first, odd ones in the second; then their
    /// difference.
    private let rows: UnsafeMutablePointer<Float>
    private var indices = [-1, -1]
    private var pair = (low: -1, high: -1)

    /// - Parameter saturation: what chroma is multiplied by.
    init(_ field: ChromaField, width: Int, height: Int, saturation: Double = 1) {
        self.field = field
        self.height = height
        self.saturation = Float(saturation)
        columns = (0..<width).map { x in
            let place = ChromaField.position(x, of: width)
            return (UInt16(place.low), UInt16(place.high), place.fraction)
        }
        // Rounded up to what is painted together, and more: planes a power of two apart share few lines of the cache.
        stride = (width + PaintChunk.group - 1) / PaintChunk.group * PaintChunk.group + 16
        rows = .allocate(capacity: 12 * stride)
        rows.initialize(repeating: 0, count: 12 * stride)
    }

    deinit { rows.deallocate() }

    /// Row `y` of the picture.
    func row(_ y: Int) -> Row {
        let place = ChromaField.position(y, of: height)
        let (top, bottom) = (widened(place.low), widened(place.high))
        let step = rows + 8 * stride
        if pair != (place.low, place.high) {
            pair = (place.low, place.high)
            for i in 0..<4 * stride { step[i] = bottom[i] - top[i] }
        }
        return Row(top: top, step: UnsafePointer(step), fraction: place.fraction, stride: stride)
    }

    /// A row of the field at full width; the one below it stays valid.
    private func widened(_ index: Int) -> UnsafePointer<Float> {
        let target = rows + (index & 1) * 4 * stride
        if indices[index & 1] == index { return UnsafePointer(target) }
        indices[index & 1] = index
        let side = ChromaField.side
        field.planes.withUnsafeBufferPointer { planes in
            let source = planes.baseAddress! + index * side
            for (x, column) in columns.enumerated() {
                let (low, high) = (source + Int(column.low), source + Int(column.high))
                for p in 0..<4 {
                    let value = low[p &* side &* side]
                    let wanted = value + column.fraction * (high[p &* side &* side] - value)
                    target[p &* stride &+ x] = saturation * wanted
                }
            }
        }
        return UnsafePointer(target)
    }
}
