import Tensor

/// A transposed 4 × 4 convolution with stride 2 and padding 1 (as in PyTorch), which doubles height and width.
///
/// `[N, I, H, W]` → `[N, O, 2H, 2W]`. Each of the four sub-pixel positions of the output is a 2 × 2 convolution of the
/// input. Their filters are stacked as one 3 × 3 convolution to 4·O channels, whose Winograd form needs fewer
/// multiplications than the four, zeros included, and its outputs are then spread.
package struct TransposedConvolution: Sendable {
    private let convolution: Convolution

    /// Prepares the layer from a weight `[I, O, 4, 4]` and O biases, or nil for zeros.
    package init(
        weight: Tensor, bias: [Float]?, stride: Int = 2, padding: Int = 1, activation: Activation = .none,
        winograd: Bool? = nil
    ) {
        let shape = weight.shape
        precondition(shape.count == 4, "a transposed convolution's weight is [I, O, 4, 4], not \(shape)")
        precondition(
            shape[2] == 4 && shape[3] == 4 && stride == 2 && padding == 1,
            "only 4 × 4 with stride 2 and padding 1 is needed, and was built")
        let (inputs, outputs) = (shape[0], shape[1])
        precondition(bias == nil || bias?.count == outputs, "bias of \(bias?.count ?? 0) for \(outputs) outputs")
        let taps = weight.values
        var stacked = [Float](repeating: 0, count: 4 * outputs * inputs * 9)
        // Output row 2y + p takes input row y + r − 1 with the kernel's row p + 3 − 2r, where there is one.
        for (part, y, x) in (0..<36).map({ ($0 / 9, $0 % 9 / 3, $0 % 3) }) {
            let (ky, kx) = (part / 2 + 3 - 2 * y, part % 2 + 3 - 2 * x)
            guard 0..<4 ~= ky, 0..<4 ~= kx else { continue }
            for o in 0..<outputs {
                for i in 0..<inputs {
                    stacked[(((o * 4 + part) * inputs + i) * 3 + y) * 3 + x] =
                        taps[
                            ((i * outputs + o) * 4 + ky) * 4 + kx]
                }
            }
        }
        convolution = Convolution(
            weight: Tensor([4 * outputs, inputs, 3, 3], stacked),
            bias: bias.map { $0.flatMap { [Float](repeating: $0, count: 4) } },
            stride: 1, dilation: 1, padding: .symmetric(1), groups: 1, activation: activation,
            winograd: winograd)
    }

    /// `[N, I, H, W]` → `[N, O, 2H, 2W]`.
    package func callAsFunction(_ input: Tensor, _ execution: Execution) -> Tensor {
        // Four of the nine taps of each stacked filter are not zero.
        var uncounted = execution
        uncounted.counter = nil
        let output = Elementwise.depthToSpace2(convolution(input, uncounted), execution)
        execution.counter?.add(multiplications: output.count * convolution.inputs * 4)
        return output
    }
}
