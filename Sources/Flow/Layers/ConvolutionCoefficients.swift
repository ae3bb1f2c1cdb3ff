import Kernels
import Tensor

/// A coefficient function of three convolutions, giving [s, t] jointly, [N, 2h, H, W].
///
/// The first convolution is linear in [x, c]; only its part in x is here, the part in c comes as an addend.
struct ConvolutionCoefficients: Sendable {
    private let first: Convolution
    private let second: Convolution
    private let third: Convolution

    /// - Parameters:
    ///   - condition: channels of the condition, 0 for an unconditional function.
    ///   - conditionFilters: set to the first convolution's part in c, with its bias.
    init(
        _ name: String, inputs: Int, condition: Int, hidden: Int, outputs: Int, kernel: Int, slope: Float,
        from weights: any Weights, conditionFilters: inout [(filters: Tensor, bias: [Float])]
    ) throws(ModelError) {
        let padding = ConvolutionPadding.symmetric(kernel / 2)
        let joint = try weights.tensor("\(name).conv0.weight", [hidden, inputs + condition, kernel, kernel])
        let bias = try weights.tensor("\(name).conv0.bias", [hidden]).values
        first = Convolution(
            weight: joint.channels(0..<inputs), bias: condition == 0 ? bias : nil, padding: padding,
            activation: .leakyReLU(slope))
        if condition > 0 { conditionFilters.append((joint.channels(inputs..<inputs + condition), bias)) }
        second = Convolution(
            weight: try weights.tensor("\(name).conv1.weight", [hidden, hidden, kernel, kernel]),
            bias: try weights.tensor("\(name).conv1.bias", [hidden]).values, padding: padding,
            activation: .leakyReLU(slope))
        third = Convolution(
            weight: try weights.tensor("\(name).conv2.weight", [outputs, hidden, kernel, kernel]),
            bias: try weights.tensor("\(name).conv2.bias", [outputs]).values, padding: padding)
    }

    func callAsFunction(_ x: Tensor, condition: Tensor?, _ execution: Execution) -> Tensor {
        let hidden = condition.map { first(x, adding: $0, execution) } ?? first(x, execution)
        return third(second(hidden, execution), execution)
    }
}
