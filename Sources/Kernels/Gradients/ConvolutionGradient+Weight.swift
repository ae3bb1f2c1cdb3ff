import Tensor

extension ConvolutionGradient {
    /// The gradient of the weight, of shape `weightShape`, from the input `[N, I, H, W]` and the gradient of the
    /// output `[N, O, H', W']`.
    ///
    /// A matrix product of the gradients with the input's patches. Each thread takes some of the input channels
    /// through all images, so that patches are gathered once and nothing has to be added up afterwards.
    package func weight(
        _ outputs: Tensor, input: Tensor, weightShape: [Int], _ execution: Execution
    ) -> Tensor {
        var result = Tensor(weightShape)
        let shape = shape(input.shape, result)
        precondition(outputs.shape == shape.outputShape, "gradient \(outputs.shape) of output \(shape.outputShape)")
        if groups > 1 { return depthwiseWeight(outputs, input, weightShape, shape, execution) }
        // Small images are taken together, as a product of few columns is slow.
        let group = min(shape.batch, max(1, 512 / shape.pixels))
        let gradient = group == 1 ? outputs : Self.channelsFirst(outputs, group, execution)
        let patches = Patches(shape, dilation: dilation, stride: stride)
        let pitch = group * shape.pixels
        let step = min(patches.channels(floats: 1 << 18, in: shape, images: group), (shape.inputs + 1) / 2)
        let inputChunks = (shape.inputs + step - 1) / step
        // Few input channels leave threads idle; then the output channels are shared out as well.
        let outputStep = inputChunks >= 4 ? shape.outputs : max(1, (shape.outputs + 1) / 2)
        let outputChunks = (shape.outputs + outputStep - 1) / outputStep
        result.withUnsafeMutablePointer { target in
            gradient.withUnsafePointer { gradient in
                input.withUnsafePointer { source in
                    execution.spread(inputChunks * outputChunks) { index in
                        let (chunk, part) = index.quotientAndRemainder(dividingBy: outputChunks)
                        let channels = chunk &* step..<min(shape.inputs, (chunk &+ 1) &* step)
                        let rows = part &* outputStep..<min(shape.outputs, (part &+ 1) &* outputStep)
                        accumulate(
                            patches, shape, channels, rows, group, pitch, source, gradient,
                            target + (rows.lowerBound &* shape.inputs &+ channels.lowerBound) &* patches.taps)
                    }
                }
            }
        }
        return result
    }

    /// The products of some rows of the gradient with the patches of some channels, over all images.
    private func accumulate(
        _ patches: Patches, _ shape: ConvolutionShape, _ channels: Range<Int>, _ rows: Range<Int>, _ group: Int,
        _ pitch: Int, _ source: UnsafePointer<Float>, _ gradient: UnsafePointer<Float>,
        _ target: UnsafeMutablePointer<Float>
    ) {
        let depth = channels.count * patches.taps
        Scratch.with(depth * pitch) { columns in
            for first in Swift.stride(from: 0, to: shape.batch, by: group) {
                let images = min(group, shape.batch - first)
                for image in 0..<images {
                    patches.gather(
                        source, image: first + image, channels: channels, pitch: pitch,
                        to: columns + image * shape.pixels)
                }
                let offset = first * shape.outputs * shape.pixels + rows.lowerBound * pitch
                Matrix.multiply(
                    rows: rows.count, columns: depth, depth: images * shape.pixels, gradient + offset, stride: pitch,
                    transposed: false,
                    columns, stride: pitch, transposed: true,
                    target, stride: shape.inputs * patches.taps, beta: 1)
            }
        }
    }

    /// `[N, C, P]` to groups of images `[N / group, C, group·P]`; of the last group, as much as there is.
    private static func channelsFirst(_ x: Tensor, _ group: Int, _ execution: Execution) -> Tensor {
        let layout = Elementwise.Layout(x)
        let groups = (layout.batch + group - 1) / group
        var result = Tensor(uninitialized: [groups, layout.channels, group, layout.plane])
        result.withUnsafeMutablePointer { target in
            x.withUnsafePointer { source in
                execution.spread(layout.batch) { image in
                    let (index, place) = image.quotientAndRemainder(dividingBy: group)
                    for channel in 0..<layout.channels {
                        let to = target + ((index &* layout.channels &+ channel) &* group &+ place) &* layout.plane
                        to.update(
                            from: source + (image &* layout.channels &+ channel) &* layout.plane, count: layout.plane)
                    }
                }
            }
        }
        return result
    }
}
