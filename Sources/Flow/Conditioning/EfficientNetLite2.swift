import Kernels
import Tensor

/// EfficientNet-Lite2 on one gray channel, without its classifier (Tan and Le 2019), TensorFlow's SAME padding.
///
/// Batch norm follows each convolution and is folded into it.
package struct EfficientNetLite2: Sendable {
    private static let stages: [(expansion: Int, channels: Int, repeats: Int, stride: Int, kernel: Int)] = [
        (1, 16, 1, 1, 3), (6, 24, 3, 2, 3), (6, 48, 3, 2, 5), (6, 88, 4, 2, 3), (6, 120, 4, 1, 5),
        (6, 208, 5, 2, 5), (6, 352, 1, 1, 3),
    ]

    /// Stages whose outputs the encoder returns: strides 4, 8, 16 and 32.
    private static let taps = [1, 2, 4, 6]
    /// Channels of the returned outputs.
    static let tapChannels = taps.map { stages[$0].channels }

    /// The dimensions of one inverted residual bottleneck.
    package struct Block: Sendable {
        package let inputs: Int
        /// Channels of the depthwise convolution.
        package let inner: Int
        package let outputs: Int
        package let stride: Int
        package let kernel: Int
        /// Whether the encoder returns its output.
        package let isTap: Bool
        /// Whether its input is added to its output.
        package var isResidual: Bool { stride == 1 && inputs == outputs }
    }

    /// Channels of the stem.
    private static let stemChannels = 32

    /// The bottlenecks in order.
    package static let blocks: [Block] = stages.enumerated().flatMap { s, stage in
        (0..<stage.repeats).map { r in
            let inputs = r > 0 ? stage.channels : s > 0 ? stages[s - 1].channels : stemChannels
            return Block(
                inputs: inputs, inner: inputs * stage.expansion, outputs: stage.channels,
                stride: r == 0 ? stage.stride : 1, kernel: stage.kernel,
                isTap: taps.contains(s) && r == stage.repeats - 1)
        }
    }

    private let stem: Convolution
    private let blocks: [InvertedResidual]

    init(_ name: String, from weights: any Weights) throws(ModelError) {
        stem = try SameConvolution.make(
            "\(name).stem", norm: "\(name).norm", inputs: 1, outputs: Self.stemChannels, kernel: 3, stride: 2,
            from: weights)
        var blocks: [InvertedResidual] = []
        for (b, block) in Self.blocks.enumerated() {
            blocks.append(try InvertedResidual("\(name).block.\(b)", block, from: weights))
        }
        self.blocks = blocks
    }

    /// Normalised L [N, 1, H, W] to features at strides 4, 8, 16 and 32.
    func callAsFunction(_ lightness: Tensor, _ execution: Execution) -> [Tensor] {
        var x = stem(Self.input(lightness, execution), execution)
        var taps: [Tensor] = []
        for (block, plan) in zip(blocks, Self.blocks) {
            x = block(x, execution)
            if plan.isTap { taps.append(x) }
        }
        return taps
    }

    /// Normalised L to the gray level in units of (byte − 127) / 128 that the weights were trained on.
    package static func input(_ lightness: Tensor, _ execution: Execution) -> Tensor {
        let scale = Normalization.lightnessScale * 2.55 / 128
        let shift = (Normalization.lightnessOffset * 2.55 - 127) / 128
        return Elementwise.affine(lightness, scale: [scale], shift: [shift], execution)
    }
}

/// Inverted residual bottleneck with ReLU6; the Lite family has no squeeze and excitation.
private struct InvertedResidual: Sendable {
    private let expand: Convolution?
    private let depthwise: Convolution
    private let project: Convolution
    private let isResidual: Bool

    init(_ name: String, _ block: EfficientNetLite2.Block, from weights: any Weights) throws(ModelError) {
        let (inputs, inner) = (block.inputs, block.inner)
        isResidual = block.isResidual
        expand =
            inner == inputs
            ? nil
            : try SameConvolution.make(
                "\(name).expand", norm: "\(name).norm0", inputs: inputs, outputs: inner, kernel: 1, from: weights)
        depthwise = try SameConvolution.make(
            "\(name).depthwise", norm: "\(name).norm1", inputs: inner, outputs: inner, kernel: block.kernel,
            stride: block.stride, groups: inner, from: weights)
        project = try SameConvolution.make(
            "\(name).project", norm: "\(name).norm2", inputs: inner, outputs: block.outputs, kernel: 1,
            activation: .none,
            from: weights)
    }

    func callAsFunction(_ x: Tensor, _ execution: Execution) -> Tensor {
        let inner = depthwise(expand?(x, execution) ?? x, execution)
        return isResidual ? project(inner, adding: x, execution) : project(inner, execution)
    }
}

/// Makes the encoder's convolutions: no bias, SAME padding, batch norm with ε = 1e-3 folded in.
private enum SameConvolution {
    static func make(
        _ name: String, norm: String, inputs: Int, outputs: Int, kernel: Int, stride: Int = 1, groups: Int = 1,
        activation: Activation = .relu6, from weights: any Weights
    ) throws(ModelError) -> Convolution {
        let filters = try weights.tensor("\(name).weight", [outputs, inputs / groups, kernel, kernel])
        let norm = try BatchNorm(norm, channels: outputs, epsilon: 1e-3, from: weights)
        let (folded, bias) = norm.folded(into: filters)
        return Convolution(
            weight: folded, bias: bias, stride: stride, padding: .same, groups: groups, activation: activation)
    }
}
