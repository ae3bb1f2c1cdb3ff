import Tensor

/// Brings a plane that arrives row by row to any size: by areas where it shrinks, linearly where it grows.
///
/// Along an axis that shrinks each output is the mean of the area it covers, which keeps means and cannot alias
/// into false colour; along an axis that grows it is linear between the nearest two centres.
package struct Resampler {
    /// The taps of one axis: output `i` is the sum of `weights[first[i]..<first[i+1]]` from source `start[i]` on.
    struct Axis {
        private(set) var start: [Int] = []
        private(set) var first: [Int] = [0]
        private(set) var weights: [Float] = []

        init(from source: Int, to target: Int) {
            precondition(source > 0 && target > 0, "cannot resample \(source) to \(target)")
            let scale = Double(source) / Double(target)
            for i in 0..<target {
                if source >= target {
                    let low = Double(i) * scale
                    let high = min(low + scale, Double(source))
                    let begin = Int(low)
                    let end = min(source, max(begin + 1, Int(high.rounded(.up))))
                    start.append(begin)
                    for j in begin..<end {
                        weights.append(Float((min(high, Double(j + 1)) - max(low, Double(j))) / (high - low)))
                    }
                } else {
                    let center = min(max((Double(i) + 0.5) * scale - 0.5, 0), Double(source - 1))
                    let begin = min(Int(center), max(source - 2, 0))
                    let fraction = Float(center - Double(begin))
                    start.append(begin)
                    weights += source == 1 ? [1] : [1 - fraction, fraction]
                }
                first.append(weights.count)
            }
        }

        /// One past the last source index that output `i` uses.
        func end(_ i: Int) -> Int { start[i] + first[i + 1] - first[i] }
    }

    private let horizontal: Axis
    private let vertical: Axis
    private let targetWidth: Int
    private var narrow: [Float]
    private let rows: Range<Int>
    private var nextRow: Int
    private var firstOpen: Int

    /// The source rows that are to be added: all that the result needs.
    var sources: Range<Int> { vertical.start[rows.lowerBound]..<vertical.end(rows.upperBound - 1) }

    /// The result, row-major; complete once every row has been added.
    package private(set) var plane: [Float]

    /// - Parameter rows: those of the result that are wanted, at least one; all by default.
    package init(width: Int, height: Int, to targetWidth: Int, _ targetHeight: Int, rows: Range<Int>? = nil) {
        horizontal = Axis(from: width, to: targetWidth)
        vertical = Axis(from: height, to: targetHeight)
        self.targetWidth = targetWidth
        self.rows = rows ?? 0..<targetHeight
        nextRow = vertical.start[self.rows.lowerBound]
        firstOpen = self.rows.lowerBound
        narrow = [Float](repeating: 0, count: targetWidth)
        plane = [Float](repeating: 0, count: targetWidth * self.rows.count)
    }

    /// Whole planes at another size, [1, C, H, W] → [1, C, height, width].
    package static func resized(_ planes: Tensor, width: Int, height: Int) -> Tensor {
        precondition(planes.shape.count == 4 && planes.shape[0] == 1, "planes of shape \(planes.shape)")
        let (channels, rows, columns) = (planes.shape[1], planes.shape[2], planes.shape[3])
        let values = planes.withUnsafePointer { base in
            (0..<channels).flatMap { channel in
                var resampler = Resampler(width: columns, height: rows, to: width, height)
                for row in 0..<rows { resampler.add(base + (channel * rows + row) * columns) }
                return resampler.plane
            }
        }
        return Tensor([1, channels, height, width], values)
    }

    /// Adds the next source row, as many values as the source is wide; nil is a row of zeros.
    package mutating func add(_ row: UnsafePointer<Float>?) {
        defer { nextRow += 1 }
        guard let row else { return }
        horizontal.weights.withUnsafeBufferPointer { weights in
            for i in 0..<targetWidth {
                let first = horizontal.first[i]
                let source = row + horizontal.start[i]
                var sum: Float = 0
                for k in 0..<(horizontal.first[i + 1] - first) { sum += weights[first + k] * source[k] }
                narrow[i] = sum
            }
        }
        while firstOpen < rows.upperBound, vertical.end(firstOpen) <= nextRow { firstOpen += 1 }
        var j = firstOpen
        while j < rows.upperBound, vertical.start[j] <= nextRow {
            let tap = nextRow - vertical.start[j]
            if nextRow < vertical.end(j) {
                let weight = vertical.weights[vertical.first[j] + tap]
                let start = (j - rows.lowerBound) * targetWidth
                for i in 0..<targetWidth { plane[start + i] += weight * narrow[i] }
            }
            j += 1
        }
    }
}
