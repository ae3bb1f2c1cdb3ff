import Tensor

extension ConvolutionGradient {
    /// A depthwise convolution with the filters turned, over the gradient spread out to the input's pixels.
    func depthwiseInput(
        _ outputs: Tensor, _ weight: Tensor, _ shape: ConvolutionShape, _ execution: Execution
    ) -> Tensor {
        let (kernel, taps) = (shape.kernel.height, shape.kernel.height * shape.kernel.width)
        precondition(
            shape.kernel.width == kernel && kernel % 2 == 1 && dilation == 1,
            "depthwise filters are square, of odd size and not dilated")
        var turned = weight
        turned.withUnsafeMutablePointer { base in
            for channel in 0..<shape.inputs {
                var filter = UnsafeMutableBufferPointer(start: base + channel * taps, count: taps)
                filter.reverse()
            }
        }
        let half = kernel / 2
        let (down, right) = (half - shape.padding.top, half - shape.padding.left)
        let convolution = Convolution(weight: turned, bias: nil, padding: .symmetric(half), groups: groups)
        guard stride > 1 || down != 0 || right != 0 else { return convolution(outputs, execution) }
        precondition(down >= 0 && right >= 0, "padding beyond half the filter")
        var spread = Tensor([shape.batch, shape.inputs, shape.height, shape.width])
        spread.withUnsafeMutablePointer { target in
            outputs.withUnsafePointer { source in
                execution.spread(shape.batch * shape.inputs, by: 8) { planes in
                    for plane in planes {
                        let (from, to) = (source + plane &* shape.pixels, target + plane &* shape.height &* shape.width)
                        for y in 0..<shape.outputHeight where y &* stride &+ down < shape.height {
                            let line = to + (y &* stride &+ down) &* shape.width
                            for x in 0..<shape.outputWidth where x &* stride &+ right < shape.width {
                                line[x &* stride &+ right] = from[y &* shape.outputWidth &+ x]
                            }
                        }
                    }
                }
            }
        }
        return convolution(spread, execution)
    }

    /// For each tap of a channel the product of the gradient with the input moved by the tap.
    func depthwiseWeight(
        _ outputs: Tensor, _ input: Tensor, _ weightShape: [Int], _ shape: ConvolutionShape, _ execution: Execution
    ) -> Tensor {
        precondition(stride <= 2, "depthwise strides are 1 or 2")
        let planes = PaddedPlanes(
            shape, rows: (shape.outputHeight - 1) * stride + shape.kernel.height,
            columns: (shape.outputWidth - 1) * stride + shape.kernel.width, phases: 1)
        let taps = shape.kernel.height * shape.kernel.width
        var result = Tensor(weightShape)
        result.withUnsafeMutablePointer { target in
            input.withUnsafePointer { source in
                outputs.withUnsafePointer { gradient in
                    execution.spread(shape.inputs, by: 4) { channels in
                        Scratch.with(planes.planeSize + 32) { padded in
                            for channel in channels {
                                for image in 0..<shape.batch {
                                    let plane = image &* shape.inputs &+ channel
                                    planes.fillPlane(from: source + plane &* shape.height &* shape.width, to: padded)
                                    for tap in 0..<taps {
                                        let offset =
                                            tap / shape.kernel.width &* planes.columns
                                            &+ tap % shape.kernel.width
                                        target[channel &* taps &+ tap] += Self.correlate(
                                            gradient + plane &* shape.pixels, padded + offset, planes.columns, stride,
                                            shape)
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
        return result
    }

    @inline(never)
    private static func correlate(
        _ gradient: UnsafePointer<Float>, _ padded: UnsafePointer<Float>, _ pitch: Int, _ stride: Int,
        _ shape: ConvolutionShape
    ) -> Float {
        var sums = Vector.zero
        var rest: Float = 0
        for y in 0..<shape.outputHeight {
            let (line, from) = (gradient + y &* shape.outputWidth, padded + y &* stride &* pitch)
            if stride == 1 {
                Elementwise.forEachVector(shape.outputWidth) {
                    sums = sums.addingProduct(line.vector($0), from.vector($0))
                } rest: {
                    rest += line[$0] * from[$0]
                }
            } else {
                Elementwise.forEachVector(shape.outputWidth) {
                    sums = sums.addingProduct(line.vector($0), from.evenVector(2 &* $0))
                } rest: {
                    rest += line[$0] * from[2 &* $0]
                }
            }
        }
        return sums.sum() + rest
    }
}
