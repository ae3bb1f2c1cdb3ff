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
        // Vectors run past the end of the last row: room for what they read, and a row of their own to write.
        let room = planes.planeSize + 8 * stride + 16
        let line = Panel.width(shape.outputWidth)
        weight.withUnsafePointer { weights in
            execution.spread(shape.batch * inputs, by: max(1, 8192 / shape.pixels)) { range in
                Scratch.with(room + line) { padded in
                    (padded + planes.planeSize).update(repeating: 0, count: room - planes.planeSize)
                    for plane in range {
                        planes.fillPlane(from: source + plane &* size, to: padded)
                        depthwisePlane(
                            plane, weights, padded, pitch: planes.columns, sums: padded + room, shape, finish)
                    }
                }
            }
        }
    }

    private func depthwisePlane(
        _ plane: Int, _ weights: UnsafePointer<Float>, _ padded: UnsafePointer<Float>, pitch: Int,
        sums: UnsafeMutablePointer<Float>, _ shape: ConvolutionShape, _ finish: Finish
    ) {
        let (image, channel) = plane.quotientAndRemainder(dividingBy: inputs)
        let filter = weights + channel &* kernel.height &* kernel.width
        let bias = finish.bias[channel]
        let width = shape.outputWidth
        for row in 0..<shape.outputHeight {
            let target = finish.output + (plane &* shape.pixels &+ row &* width)
            let addend = finish.addend.map {
                $0 + (image &* finish.addendStride &+ channel &* shape.pixels &+ row &* width)
            }
            let top = padded + row &* stride &* pitch
            var column = 0
            while column < width {
                let sum = depthwiseSum(filter, top + column &* stride, pitch)
                if column &+ 8 <= width {
                    var value = sum + bias
                    if let addend { value += addend.vector(column) }
                    target.put(finish.clamp(value), column)
                } else {
                    sums.put(sum, 0)
                    for lane in 0..<width &- column {
                        var value = sums[lane] + bias
                        if let addend { value += addend[column &+ lane] }
                        target[column &+ lane] = finish.clamp(value)
                    }
                }
                column &+= 8
            }
        }
    }

    /// The sums of eight neighbouring outputs.
    @inline(__always)
    private func depthwiseSum(
        _ filter: UnsafePointer<Float>, _ from: UnsafePointer<Float>, _ pitch: Int
    ) -> Vector {
        var sum = Vector.zero
        for y in 0..<kernel.height {
            for x in 0..<kernel.width {
                let tap = Vector(repeating: filter[y &* kernel.width &+ x])
                let offset = y &* dilation &* pitch &+ x &* dilation
                if stride == 1 {
                    sum = sum.addingProduct(tap, from.vector(offset))
                } else if stride == 2 {
                    sum = sum.addingProduct(tap, from.evenVector(offset))
                } else {
                    var values = Vector.zero
                    for lane in 0..<8 { values[lane] = from[offset &+ lane &* stride] }
                    sum = sum.addingProduct(tap, values)
                }
            }
        }
        return sum
    }
}
