/// A copy of an image batch with its zero padding written out, so that inner loops need no bounds checks.
///
/// For a dilation d each plane is cut into d × d phases (every d-th row and column), on which a dilated kernel is an
/// ordinary one. Layout: `[N, C, d·d, rows, columns]`, with `planeSize` floats from one channel to the next.
struct PaddedPlanes {
    let rows: Int
    let columns: Int
    let phases: Int
    let planeSize: Int
    let count: Int

    private let shape: ConvolutionShape

    init(_ shape: ConvolutionShape, rows: Int, columns: Int, phases: Int) {
        (self.shape, self.rows, self.columns, self.phases) = (shape, rows, columns, phases)
        // An odd number of cache lines between planes keeps channels out of each other's cache sets.
        planeSize = ((phases * phases * rows * columns + 31) / 32) * 32 + 16
        count = shape.batch * shape.inputs * planeSize
    }

    /// Copies all planes of `input` to `target`.
    func fill(from input: UnsafePointer<Float>, to target: UnsafeMutablePointer<Float>, _ execution: Execution) {
        let planes = shape.batch * shape.inputs
        let size = shape.height * shape.width
        execution.spread(planes, by: max(1, 16384 / planeSize)) { range in
            for plane in range {
                fillPlane(from: input + plane &* size, to: target + plane &* planeSize)
            }
        }
    }

    /// Copies one plane and clears everything around it.
    func fillPlane(from source: UnsafePointer<Float>, to target: UnsafeMutablePointer<Float>) {
        let height = min(shape.height, rows &- shape.padding.top)
        let width = min(shape.width, columns &- shape.padding.left)
        if phases == 1, shape.padding.left <= 8, columns &- shape.padding.left &- width <= 8 {
            fillWhole(from: source, to: target, height: height, width: width)
        } else {
            fillPhases(from: source, to: target)
        }
    }

    /// The same without phases and with narrow margins, in whole vectors.
    ///
    /// Vectors are faster than calls that clear or copy a few floats. Floats written beyond a row are overwritten by the
    /// next row, or lie between planes.
    private func fillWhole(
        from source: UnsafePointer<Float>, to target: UnsafeMutablePointer<Float>, height: Int, width: Int
    ) {
        let (top, left, zero) = (shape.padding.top, shape.padding.left, Vector())
        target.update(repeating: 0, count: top &* columns)
        for row in 0..<height {
            let line = target + (top &+ row) &* columns
            let from = source + row &* shape.width
            line.put(zero, 0)
            Elementwise.forEachVector(width) { index in
                line.put(from.vector(index), left &+ index)
            } rest: { index in
                line[left &+ index] = from[index]
            }
            line.put(zero, left &+ width)
        }
        (target + (top &+ height) &* columns).update(repeating: 0, count: (rows &- top &- height) &* columns)
    }

    private func fillPhases(from source: UnsafePointer<Float>, to target: UnsafeMutablePointer<Float>) {
        let (top, left, step) = (shape.padding.top, shape.padding.left, phases)
        for phaseY in 0..<step {
            for phaseX in 0..<step {
                // Columns whose source column x = column·step + phaseX − left exists.
                let first = min(columns, max(0, left &- phaseX &+ step &- 1) / step)
                let last = min(columns, max(0, shape.width &+ left &- phaseX &+ step &- 1) / step)
                for row in 0..<rows {
                    let line = target + ((phaseY &* step &+ phaseX) &* rows &+ row) &* columns
                    let y = row &* step &+ phaseY &- top
                    guard y >= 0, y < shape.height, first < last else {
                        line.update(repeating: 0, count: columns)
                        continue
                    }
                    line.update(repeating: 0, count: first)
                    let from = source + (y &* shape.width &+ first &* step &+ phaseX &- left)
                    for index in 0..<last &- first { line[first &+ index] = from[index &* step] }
                    (line + last).update(repeating: 0, count: columns &- last)
                }
            }
        }
    }
}
