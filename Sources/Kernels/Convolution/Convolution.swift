import Tensor

/// A two-dimensional convolution (cross-correlation, as in PyTorch) with bias and activation, prepared at load.
///
/// `[N, I, H, W]` → `[N, O, H', W']`. Results do not depend on the number of threads, and those of one image do not
/// depend on the other images of its batch.
package struct Convolution: Sendable {
    /// Channels of the input.
    package let inputs: Int
    /// Channels of the output.
    package let outputs: Int
    /// Activation applied to each output.
    package let activation: Activation

    let kernel: (height: Int, width: Int)
    let stride: Int
    let dilation: Int
    let padding: ConvolutionPadding
    let bias: Tensor
    let plan: Plan

    /// The way the convolution is computed, with the filter in that way's layout.
    enum Plan: Sendable {
        case winograd(WinogradFilter)
        case patches(PackedRows)
        case depthwise(Tensor)
    }

    /// Prepares a convolution.
    ///
    /// - Parameters:
    ///   - weight: `[O, I / groups, kernel height, kernel width]`.
    ///   - bias: O values, or nil for zeros.
    ///   - groups: 1, or the number of input channels (depthwise, with O = I).
    ///   - outputSide: The side of the output, where calls are for single images of one size.
    package init(
        weight: Tensor, bias: [Float]?, stride: Int = 1, dilation: Int = 1, padding: ConvolutionPadding,
        groups: Int = 1, activation: Activation = .none, outputSide: Int? = nil
    ) {
        self.init(
            weight: weight, bias: bias, stride: stride, dilation: dilation, padding: padding, groups: groups,
            activation: activation, winograd: outputSide.flatMap { $0 < Self.leastWinogradSide ? false : nil })
    }

    /// The same, where tests and benchmarks may force Winograd on or hold it off to compare.
    package init(
        weight: Tensor, bias: [Float]?, stride: Int, dilation: Int, padding: ConvolutionPadding, groups: Int,
        activation: Activation, winograd: Bool?
    ) {
        let shape = weight.shape
        precondition(shape.count == 4, "a convolution's weight is [O, I, kh, kw], not \(shape)")
        precondition(stride >= 1 && dilation >= 1, "stride and dilation start at 1")
        precondition(groups == 1 || (shape[1] == 1 && groups == shape[0]), "groups are 1 or all channels")
        precondition(bias == nil || bias?.count == shape[0], "bias of \(bias?.count ?? 0) for \(shape[0]) outputs")
        outputs = shape[0]
        inputs = groups == 1 ? shape[1] : groups
        kernel = (shape[2], shape[3])
        (self.stride, self.dilation, self.padding, self.activation) = (stride, dilation, padding, activation)
        self.bias = Tensor([outputs], bias ?? [Float](repeating: 0, count: outputs))
        if groups > 1 {
            plan = .depthwise(weight)
        } else if kernel == (3, 3),
            winograd ?? Self.paysWinograd(stride: stride, dilation: dilation, inputs: inputs, outputs: outputs)
        {
            precondition(stride == 1 || (stride == 2 && dilation == 1), "no Winograd for stride \(stride)")
            plan = .winograd(
                stride == 1
                    ? WinogradFilter(weight, WinogradAdjacent.self) : WinogradFilter(weight, WinogradStrided.self))
        } else {
            let depth = shape[1] * shape[2] * shape[3]
            plan = .patches(
                weight.withUnsafePointer { base in
                    PackedRows(rows: shape[0], depth: depth) { base[$0 * depth + $1] }
                })
        }
    }

    /// activation(input ∗ weight + bias), `[N, I, H, W]` → `[N, O, H', W']`.
    package func callAsFunction(_ input: Tensor, _ execution: Execution) -> Tensor {
        run(input, adding: nil, execution)
    }

    /// activation(input ∗ weight + bias + addend), where `addend` is `[N or 1, O, H', W']`.
    package func callAsFunction(_ input: Tensor, adding addend: Tensor, _ execution: Execution) -> Tensor {
        run(input, adding: addend, execution)
    }

    private func run(_ input: Tensor, adding addend: Tensor?, _ execution: Execution) -> Tensor {
        let shape = ConvolutionShape(
            input: input.shape, outputs: outputs, kernel: kernel, stride: stride, dilation: dilation, padding: padding)
        precondition(shape.inputs == inputs, "a convolution of \(inputs) channels cannot take \(input.shape)")
        if let addend {
            let expected = shape.outputShape
            precondition(
                addend.shape == expected || addend.shape == [1] + expected[1...],
                "addend \(addend.shape) for output \(expected)")
        }
        var output = Tensor(uninitialized: shape.outputShape)
        guard output.count > 0 else { return output }
        execution.counter?.add(multiplications: output.count * depth)
        output.withUnsafeMutablePointer { target in
            input.withUnsafePointer { source in
                bias.withUnsafePointer { bias in
                    withOptionalPointer(addend) { addendBase in
                        let finish = Finish(
                            output: target, bias: bias, addend: addendBase,
                            addendStride: addend?.shape[0] == shape.batch ? shape.outputs * shape.pixels : 0,
                            clamp: Clamp(activation))
                        dispatch(source, shape, finish, execution)
                    }
                }
            }
        }
        return output
    }

    /// Multiplications of the direct method for one output.
    private var depth: Int {
        if case .depthwise = plan { return kernel.height * kernel.width }
        return inputs * kernel.height * kernel.width
    }

    private func dispatch(
        _ source: UnsafePointer<Float>, _ shape: ConvolutionShape, _ finish: Finish, _ execution: Execution
    ) {
        switch plan {
        case .winograd(let filter) where stride == 1:
            runWinograd(WinogradAdjacent.self, filter, source, shape, finish, execution)
        case .winograd(let filter):
            runWinograd(WinogradStrided.self, filter, source, shape, finish, execution)
        case .patches(let rows): runPatches(rows, source, shape, finish, execution)
        case .depthwise(let weight): runDepthwise(weight, source, shape, finish, execution)
        }
    }
}

/// The last steps of a sum before it is stored: bias, addend, activation.
struct Finish {
    let output: UnsafeMutablePointer<Float>
    let bias: UnsafePointer<Float>
    let addend: UnsafePointer<Float>?
    /// Floats from one image's addend to the next, 0 for one shared by all.
    let addendStride: Int
    let clamp: Clamp
}

/// Calls `body` with the tensor's elements, or with nil when there is none.
func withOptionalPointer<R>(_ tensor: Tensor?, _ body: (UnsafePointer<Float>?) -> R) -> R {
    guard let tensor else { return body(nil) }
    return tensor.withUnsafePointer { body($0) }
}
