import Tensor

extension Convolution {
    /// One filter for each channel, computed directly on a padded copy of the plane.
    func runDepthwise(
        _ weight: Tensor, _ source: UnsafePointer<Float>, _ shape: ConvolutionShape, _ finish: Finish,
        _ execution: Execution
    ) {
        let planes = PaddedPlanes(
            shape, rows: (shape.outputHeight - 1) * stride + (kernel.height - 1) * dilation + 1,
            columns: (shape.outputWidth - 1) * stride + (kernel.width - 1) * dilation + 1, phases: 1)
        let size = shape.height * shape.width
        // Vectors at the end of a row read past it, in the last row past the plane; what they find there is not used.
        let room = planes.planeSize + 8 * stride + 16
        let taps = (0..<kernel.height * kernel.width).map { tap in
            (tap / kernel.width * planes.columns + tap % kernel.width) * dilation
        }
        weight.withUnsafePointer { weights in
            execution.spread(shape.batch * inputs, by: max(1, 8192 / shape.pixels)) { range in
                Scratch.with(room) { padded in
                    for plane in range {
                        planes.fillPlane(from: source + plane &* size, to: padded)
                        let call = DepthwisePlane(
                            plane: plane, channel: plane % inputs, filter: weights + plane % inputs &* taps.count,
                            taps: taps, padded: padded, pitch: planes.columns, stride: stride, shape: shape,
                            finish: finish)
                        call.run()
                    }
                }
            }
        }
    }
}

/// One plane of a depthwise convolution, computed four vectors at a time to keep the multipliers busy.
private struct DepthwisePlane {
    let plane: Int
    let channel: Int
    let filter: UnsafePointer<Float>
    /// Offsets of the filter's taps in the padded plane.
    let taps: [Int]
    let padded: UnsafePointer<Float>
    let pitch: Int
    let stride: Int
    let shape: ConvolutionShape
    let finish: Finish

    /// Computes the plane.
    func run() {
        // Eights of outputs, numbered row by row.
        let across = (shape.outputWidth &+ 7) / 8
        let count = shape.outputHeight &* across
        let from = { (index: Int) -> UnsafePointer<Float> in
            let (row, eighth) = min(index, count &- 1).quotientAndRemainder(dividingBy: across)
            return padded + (row &* pitch &+ 8 &* eighth) &* stride
        }
        withUnsafeTemporaryAllocation(of: Float.self, capacity: 32) { buffer in
            let sums = buffer.baseAddress!
            for index in Swift.stride(from: 0, to: count, by: 4) {
                let (p0, p1, p2, p3) = (from(index), from(index &+ 1), from(index &+ 2), from(index &+ 3))
                switch stride {
                case 1: Self.sumAdjacent(filter, taps, p0, p1, p2, p3, sums)
                case 2: Self.sumEven(filter, taps, p0, p1, p2, p3, sums)
                default: Self.sumApart(filter, taps, stride, [p0, p1, p2, p3], sums)
                }
                for part in index..<min(index &+ 4, count) {
                    let (row, eighth) = part.quotientAndRemainder(dividingBy: across)
                    store(sums + 8 &* (part &- index), row, 8 &* eighth)
                }
            }
        }
    }

    /// Adds bias and addend to up to eight sums, applies the activation and stores them.
    private func store(_ sums: UnsafePointer<Float>, _ row: Int, _ column: Int) {
        let offset = row &* shape.outputWidth &+ column
        let target = finish.output + (plane &* shape.pixels &+ offset)
        let addend = finish.addend.map {
            $0 + (plane / shape.inputs &* finish.addendStride &+ channel &* shape.pixels &+ offset)
        }
        let bias = finish.bias[channel]
        Elementwise.forEachVector(min(8, shape.outputWidth &- column)) { index in
            var value = sums.vector(index) + bias
            if let addend { value += addend.vector(index) }
            target.put(finish.clamp(value), index)
        } rest: { index in
            var value = sums[index] + bias
            if let addend { value += addend[index] }
            target[index] = finish.clamp(value)
        }
    }

    @inline(never)
    private static func sumAdjacent(
        _ filter: UnsafePointer<Float>, _ taps: [Int], _ p0: UnsafePointer<Float>, _ p1: UnsafePointer<Float>,
        _ p2: UnsafePointer<Float>, _ p3: UnsafePointer<Float>, _ sums: UnsafeMutablePointer<Float>
    ) {
        var (s0, s1, s2, s3) = (Vector.zero, Vector.zero, Vector.zero, Vector.zero)
        for tap in 0..<taps.count {
            let (factor, offset) = (Vector(repeating: filter[tap]), taps[tap])
            s0 = s0.addingProduct(factor, p0.vector(offset))
            s1 = s1.addingProduct(factor, p1.vector(offset))
            s2 = s2.addingProduct(factor, p2.vector(offset))
            s3 = s3.addingProduct(factor, p3.vector(offset))
        }
        sums.put(s0, 0)
        sums.put(s1, 8)
        sums.put(s2, 16)
        sums.put(s3, 24)
    }

    @inline(never)
    private static func sumEven(
        _ filter: UnsafePointer<Float>, _ taps: [Int], _ p0: UnsafePointer<Float>, _ p1: UnsafePointer<Float>,
        _ p2: UnsafePointer<Float>, _ p3: UnsafePointer<Float>, _ sums: UnsafeMutablePointer<Float>
    ) {
        var (s0, s1, s2, s3) = (Vector.zero, Vector.zero, Vector.zero, Vector.zero)
        for tap in 0..<taps.count {
            let (factor, offset) = (Vector(repeating: filter[tap]), taps[tap])
            s0 = s0.addingProduct(factor, p0.evenVector(offset))
            s1 = s1.addingProduct(factor, p1.evenVector(offset))
            s2 = s2.addingProduct(factor, p2.evenVector(offset))
            s3 = s3.addingProduct(factor, p3.evenVector(offset))
        }
        sums.put(s0, 0)
        sums.put(s1, 8)
        sums.put(s2, 16)
        sums.put(s3, 24)
    }

    /// Larger strides occur in no network here and need no speed.
    private static func sumApart(
        _ filter: UnsafePointer<Float>, _ taps: [Int], _ stride: Int, _ parts: [UnsafePointer<Float>],
        _ sums: UnsafeMutablePointer<Float>
    ) {
        for index in 0..<32 {
            let from = parts[index / 8] + index % 8 &* stride
            sums[index] = taps.indices.reduce(0) { $0.addingProduct(filter[$1], from[taps[$1]]) }
        }
    }
}
