import Kernels
import Tensor

/// The paper's conditioning network, after Zhang and others 2016: L [N, 1, 256, 256] to features [N, 256·width, 64, 64].
package struct VGGConditioning: ConditioningNetwork {
    /// One of the convolutions.
    package enum Step: Sendable {
        case convolution(channels: Int, stride: Int = 1, dilation: Int = 1)
        case transposed(channels: Int)
    }

    /// Convolutions of each group, at width 1; batch norm ends each group.
    package static let plan: [[Step]] = [
        [.convolution(channels: 64), .convolution(channels: 64, stride: 2)],
        [.convolution(channels: 128), .convolution(channels: 128, stride: 2)],
        [.convolution(channels: 256), .convolution(channels: 256), .convolution(channels: 256, stride: 2)],
        Array(repeating: .convolution(channels: 512), count: 3),
        Array(repeating: .convolution(channels: 512, dilation: 2), count: 3),
        Array(repeating: .convolution(channels: 512, dilation: 2), count: 3),
        Array(repeating: .convolution(channels: 512), count: 3),
        [.transposed(channels: 256), .convolution(channels: 256), .convolution(channels: 256)],
    ]

    private enum Layer {
        case convolution(Convolution)
        case transposed(TransposedConvolution)
        case norm(BatchNorm)
    }

    private let layers: [Layer]

    init(_ configuration: ModelConfiguration, from weights: any Weights) throws(ModelError) {
        var layers: [Layer] = []
        var inputs = 1
        for (g, group) in Self.plan.enumerated() {
            for (i, step) in group.enumerated() {
                let name = "conditioning.group\(g).conv\(i)"
                let isLast = g == Self.plan.count - 1 && i == group.count - 1
                switch step {
                case .convolution(let channels, let stride, let dilation):
                    let outputs = configuration.scaled(channels)
                    var filters = try weights.tensor("\(name).weight", [outputs, inputs, 3, 3])
                    var bias = try weights.tensor("\(name).bias", [outputs]).values
                    if isLast {
                        let norm = try BatchNorm("conditioning.group\(g).norm", channels: outputs, from: weights)
                        (filters, bias) = norm.folded(into: filters, bias: bias)
                    }
                    layers.append(
                        .convolution(
                            Convolution(
                                weight: filters, bias: bias, stride: stride, dilation: dilation,
                                padding: .symmetric(dilation), activation: isLast ? .none : .relu)))
                    inputs = outputs
                case .transposed(let channels):
                    let outputs = configuration.scaled(channels)
                    let filters = try weights.tensor("\(name).weight", [inputs, outputs, 4, 4])
                    let bias = try weights.tensor("\(name).bias", [outputs]).values
                    layers.append(.transposed(TransposedConvolution(weight: filters, bias: bias, activation: .relu)))
                    inputs = outputs
                }
            }
            // A shift before zero padding is not a bias after it, so that these stay steps of their own.
            if g < Self.plan.count - 1 {
                layers.append(.norm(try BatchNorm("conditioning.group\(g).norm", channels: inputs, from: weights)))
            }
        }
        self.layers = layers
    }

    func callAsFunction(_ lightness: Tensor, _ execution: Execution) -> Tensor {
        layers.reduce(lightness) { x, layer in
            switch layer {
            case .convolution(let convolution): convolution(x, execution)
            case .transposed(let convolution): convolution(x, execution)
            case .norm(let norm): Elementwise.affine(x, scale: norm.scale, shift: norm.shift, execution)
            }
        }
    }
}
