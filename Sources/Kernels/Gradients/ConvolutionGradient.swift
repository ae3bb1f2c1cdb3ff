import Tensor

/// The gradients of a convolution with respect to its input and its weight.
///
/// The gradient of the bias is `Elementwise.channelSums` of the output's gradient.
/// Weights are raw here, `[O, I / groups, kernel height, kernel width]`, as training changes them with every step.
/// Results do not depend on the number of threads.
package struct ConvolutionGradient: Sendable {
    let stride: Int
    let dilation: Int
    let padding: ConvolutionPadding
    let groups: Int

    /// The gradients of a convolution of these measures; see `Convolution`.
    package init(stride: Int = 1, dilation: Int = 1, padding: ConvolutionPadding, groups: Int = 1) {
        (self.stride, self.dilation, self.padding, self.groups) = (stride, dilation, padding, groups)
    }

    /// The gradient of the input, of shape `inputShape`, from that of the output, `[N, O, H', W']`.
    package func input(_ outputs: Tensor, weight: Tensor, inputShape: [Int], _ execution: Execution) -> Tensor {
        let shape = shape(inputShape, weight)
        precondition(outputs.shape == shape.outputShape, "gradient \(outputs.shape) of output \(shape.outputShape)")
        if groups > 1 { return depthwiseInput(outputs, weight, shape, execution) }
        if stride == 1, let padding = turnedPadding(shape) {
            let turned = Convolution(
                weight: Self.turned(weight), bias: nil, stride: 1, dilation: dilation, padding: .symmetric(padding),
                groups: 1, activation: .none, winograd: execution.isExact ? false : nil)
            return turned(outputs, execution)
        }
        return scatteredInput(outputs, weight, shape, execution)
    }

    func shape(_ input: [Int], _ weight: Tensor) -> ConvolutionShape {
        ConvolutionShape(
            input: input, outputs: weight.shape[0], kernel: (weight.shape[2], weight.shape[3]), stride: stride,
            dilation: dilation, padding: padding)
    }

    /// Padding of the convolution that is the adjoint of one with stride 1, where it is the same on all sides.
    private func turnedPadding(_ shape: ConvolutionShape) -> Int? {
        let (top, extent) = (shape.padding.top, (shape.kernel.height - 1) * dilation)
        guard shape.kernel.height == shape.kernel.width, shape.padding == .symmetric(top), top <= extent else {
            return nil
        }
        return extent - top
    }

    /// Filters turned by half a circle, inputs and outputs exchanged.
    private static func turned(_ weight: Tensor) -> Tensor {
        let (outputs, inputs, taps) = (weight.shape[0], weight.shape[1], weight.shape[2] * weight.shape[3])
        var result = Tensor(uninitialized: [inputs, outputs, weight.shape[2], weight.shape[3]])
        result.withUnsafeMutablePointer { target in
            weight.withUnsafePointer { source in
                for i in 0..<inputs {
                    for o in 0..<outputs {
                        let (from, to) = (source + (o &* inputs &+ i) &* taps, target + (i &* outputs &+ o) &* taps)
                        for tap in 0..<taps { to[taps &- 1 &- tap] = from[tap] }
                    }
                }
            }
        }
        return result
    }

    /// The general way: the products of filters and gradients are added where their patches lie.
    private func scatteredInput(
        _ outputs: Tensor, _ weight: Tensor, _ shape: ConvolutionShape, _ execution: Execution
    ) -> Tensor {
        let patches = Patches(shape, dilation: dilation, stride: stride)
        let step = patches.channels(floats: 1 << 19, in: shape)
        var result = Tensor([shape.batch, shape.inputs, shape.height, shape.width])
        let chunks = (shape.inputs + step - 1) / step
        result.withUnsafeMutablePointer { target in
            weight.withUnsafePointer { weight in
                outputs.withUnsafePointer { gradient in
                    execution.spread(shape.batch * chunks) { index in
                        let (image, chunk) = index.quotientAndRemainder(dividingBy: chunks)
                        let channels = chunk &* step..<min(shape.inputs, (chunk &+ 1) &* step)
                        let rows = channels.count &* patches.taps
                        Scratch.with(rows * shape.pixels) { columns in
                            Matrix.multiply(
                                rows: rows, columns: shape.pixels, depth: shape.outputs,
                                weight + channels.lowerBound &* patches.taps,
                                stride: shape.inputs * patches.taps, transposed: true,
                                gradient + image &* shape.outputs &* shape.pixels, stride: shape.pixels,
                                columns, stride: shape.pixels)
                            patches.scatter(
                                columns, image: image, channels: channels, pitch: shape.pixels, to: target)
                        }
                    }
                }
            }
        }
        return result
    }
}
