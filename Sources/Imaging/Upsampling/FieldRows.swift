/// The rows of a field at a picture's width, between which its pixels' chroma lies.
///
/// Not Sendable: each thread has its own, and a row is valid until the next one is asked for.
final class FieldRows {
    /// The two rows of the field on either side of a row of the picture.
    struct Row {
        fileprivate let upper: UnsafePointer<Float>
        fileprivate let lower: UnsafePointer<Float>
        fileprivate let fraction: Float
        fileprivate let stride: Int

        /// a and b of eight pixels from column `x` on, whose lightness is `light`.
        @inline(__always)
        func chroma(at x: Int, under light: Vector) -> (a: Vector, b: Vector) {
            let guide = light * 0.01
            return (blend(0, x) * guide + blend(1, x), blend(2, x) * guide + blend(3, x))
        }

        @inline(__always)
        private func blend(_ plane: Int, _ x: Int) -> Vector {
            let top = Vector(at: upper + plane * stride + x)
            return top + (Vector(at: lower + plane * stride + x) - top) * fraction
        }
    }

    private let field: ChromaField
    private let height: Int
    private let saturation: Float
    private let columns: [(low: Int, high: Int, fraction: Float)]
    private let stride: Int
    /// Two rows of the field at full width, four planes each; even rows in the first, odd ones in the second.
    private let rows: UnsafeMutablePointer<Float>
    private var indices = [-1, -1]

    /// - Parameter saturation: what chroma is multiplied by.
    init(_ field: ChromaField, width: Int, height: Int, saturation: Double = 1) {
        self.field = field
        self.height = height
        self.saturation = Float(saturation)
        columns = (0..<width).map { ChromaField.position($0, of: width) }
        stride = (width + 7) & ~7
        rows = .allocate(capacity: 8 * stride)
        rows.initialize(repeating: 0, count: 8 * stride)
    }

    deinit { rows.deallocate() }

    /// Row `y` of the picture.
    func row(_ y: Int) -> Row {
        let place = ChromaField.position(y, of: height)
        return Row(upper: widened(place.low), lower: widened(place.high), fraction: place.fraction, stride: stride)
    }

    /// A row of the field at full width; the one below it stays valid.
    private func widened(_ index: Int) -> UnsafePointer<Float> {
        let target = rows + (index & 1) * 4 * stride
        if indices[index & 1] == index { return UnsafePointer(target) }
        indices[index & 1] = index
        let side = ChromaField.side
        field.planes.withUnsafeBufferPointer { planes in
            for p in 0..<4 {
                let source = (p * side + index) * side
                for x in columns.indices {
                    let (low, high, fraction) = columns[x]
                    let value = planes[source + low]
                    target[p * stride + x] = saturation * (value + fraction * (planes[source + high] - value))
                }
            }
        }
        return UnsafePointer(target)
    }
}
