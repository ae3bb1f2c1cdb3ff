import Tensor

extension TransposedConvolution {
    /// A transposed convolution is the adjoint of this convolution, so its gradients are that one's output and weight.
    private static let adjoint = ConvolutionGradient(stride: 2, padding: .symmetric(1))

    /// The gradient of the input, `[N, I, H, W]`, from that of the output, `[N, O, 2H, 2W]`; `weight` is `[I, O, 4, 4]`.
    package static func inputGradient(_ outputs: Tensor, weight: Tensor, _ execution: Execution) -> Tensor {
        Convolution(weight: weight, bias: nil, stride: 2, padding: .symmetric(1))(outputs, execution)
    }

    /// The gradient of the weight, `[I, O, 4, 4]`, from the input and the gradient of the output.
    package static func weightGradient(
        _ outputs: Tensor, input: Tensor, weightShape: [Int], _ execution: Execution
    ) -> Tensor {
        adjoint.weight(input, input: outputs, weightShape: weightShape, execution)
    }
}
