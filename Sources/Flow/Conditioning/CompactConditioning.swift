import Kernels
import Tensor

/// EfficientNet-Lite2 and a feature pyramid: L [N, 1, 256, 256] to features [N, features, 64, 64].
struct CompactConditioning: ConditioningNetwork {
    private struct Stage: Sendable {
        let lateral: Convolution
        let smooth: Convolution
    }

    private let encoder: EfficientNetLite2
    private let stages: [Stage]

    init(_ configuration: ModelConfiguration, from weights: any Weights) throws(ModelError) {
        let channels = configuration.features
        encoder = try EfficientNetLite2("conditioning.encoder", from: weights)
        var stages: [Stage] = []
        for (i, inputs) in EfficientNetLite2.tapChannels.enumerated() {
            let lateral = Convolution(
                weight: try weights.tensor("conditioning.lateral\(i).weight", [channels, inputs, 1, 1]),
                bias: try weights.tensor("conditioning.lateral\(i).bias", [channels]).values, padding: .symmetric(0))
            let norm = try BatchNorm("conditioning.norm\(i)", channels: channels, from: weights)
            let (filters, bias) = norm.folded(
                into: try weights.tensor("conditioning.smooth\(i).weight", [channels, channels, 3, 3]))
            let smooth = Convolution(weight: filters, bias: bias, padding: .symmetric(1), activation: .relu)
            stages.append(Stage(lateral: lateral, smooth: smooth))
        }
        self.stages = stages
    }

    func callAsFunction(_ lightness: Tensor, _ execution: Execution) -> Tensor {
        let taps = encoder(lightness, execution)
        var top: Tensor?
        for (stage, tap) in zip(stages, taps).reversed() {
            let lateral = stage.lateral(tap, execution)
            let sum = top.map { Elementwise.addNearestUpsampled2(lateral, $0, execution) } ?? lateral
            top = stage.smooth(sum, execution)
        }
        guard let top else { preconditionFailure("the pyramid has stages") }
        return top
    }
}
