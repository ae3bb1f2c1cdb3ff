import Kernels
import Tensor

/// EfficientNet-Lite0 on one gray channel, without its classifier (Tan and Le 2019), TensorFlow's SAME padding.
///
/// Batch norm follows each convolution and is folded into it.
struct EfficientNetLite0: Sendable {
    private static let stages: [(expansion: Int, channels: Int, repeats: Int, stride: Int, kernel: Int)] = [
        (1, 16, 1, 1, 3), (6, 24, 2, 2, 3), (6, 40, 2, 2, 5), (6, 80, 3, 2, 3), (6, 112, 3, 1, 5),
        (6, 192, 4, 2, 5), (6, 320, 1, 1, 3),
    ]

    /// Stages whose outputs are given out: strides 4, 8, 16 and 32.
    private static let taps = [1, 2, 4, 6]
    /// Channels of what is given out.
    static let tapChannels = taps.map { stages[$0].channels }

    private let stem: Convolution
    private let blocks: [(block: InvertedResidual, isTap: Bool)]

    init(_ name: String, from weights: any Weights) throws(ModelError) {
        var inputs = 32
        stem = try SameConvolution.make(
            "\(name).stem", norm: "\(name).norm", inputs: 1, outputs: inputs, kernel: 3, stride: 2, from: weights)
        var blocks: [(InvertedResidual, Bool)] = []
        for (s, stage) in Self.stages.enumerated() {
            for r in 0..<stage.repeats {
                let block = try InvertedResidual(
                    "\(name).block.\(blocks.count)", inputs: inputs, outputs: stage.channels,
                    expansion: stage.expansion, stride: r == 0 ? stage.stride : 1, kernel: stage.kernel,
                    from: weights)
                blocks.append((block, Self.taps.contains(s) && r == stage.repeats - 1))
                inputs = stage.channels
            }
        }
        self.blocks = blocks
    }

    /// Normalised L [N, 1, H, W] to features at strides 4, 8, 16 and 32.
    func callAsFunction(_ lightness: Tensor, _ execution: Execution) -> [Tensor] {
        // To the gray level in units of (byte − 127) / 128 that the weights were trained on.
        let scale = Normalisation.lightnessScale * 2.55 / 128
        let shift = (Normalisation.lightnessOffset * 2.55 - 127) / 128
        var x = stem(Elementwise.affine(lightness, scale: [scale], shift: [shift], execution), execution)
        var taps: [Tensor] = []
        for (block, isTap) in blocks {
            x = block(x, execution)
            if isTap { taps.append(x) }
        }
        return taps
    }
}

/// Inverted residual bottleneck with ReLU6; the Lite family has no squeeze and excitation.
private struct InvertedResidual: Sendable {
    private let expand: Convolution?
    private let depthwise: Convolution
    private let project: Convolution
    private let isResidual: Bool

    init(
        _ name: String, inputs: Int, outputs: Int, expansion: Int, stride: Int, kernel: Int, from weights: any Weights
    ) throws(ModelError) {
        let inner = inputs * expansion
        isResidual = stride == 1 && inputs == outputs
        expand =
            expansion == 1
            ? nil
            : try SameConvolution.make(
                "\(name).expand", norm: "\(name).norm0", inputs: inputs, outputs: inner, kernel: 1, from: weights)
        depthwise = try SameConvolution.make(
            "\(name).depthwise", norm: "\(name).norm1", inputs: inner, outputs: inner, kernel: kernel, stride: stride,
            groups: inner, from: weights)
        project = try SameConvolution.make(
            "\(name).project", norm: "\(name).norm2", inputs: inner, outputs: outputs, kernel: 1, activation: .none,
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
