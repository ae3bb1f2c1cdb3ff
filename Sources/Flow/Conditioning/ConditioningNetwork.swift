import Kernels
import Tensor

/// A network that turns lightness into the features that condition the flow.
protocol ConditioningNetwork: Sendable {
    /// Normalised L [N, 1, 256, 256] to features [N, F, 64, 64].
    func callAsFunction(_ lightness: Tensor, _ execution: Execution) -> Tensor
}

/// The heads that turn features into a condition for each block.
protocol ConditioningHeads: Sendable {
    /// Features [N, F, 64, 64] to one image of each block of levels 1 to 4, and the vector of level 5.
    func callAsFunction(_ features: Tensor, _ execution: Execution) -> Heads.Output
}

/// No conditioning network, the ablation `none`: the gray image itself is the condition.
struct GrayConditioning: ConditioningNetwork {
    /// Averages the gray image to 64×64, one feature.
    func callAsFunction(_ lightness: Tensor, _ execution: Execution) -> Tensor {
        Elementwise.averagePool(lightness, NetworkGeometry.lightnessSide / NetworkGeometry.chromaSide, execution)
    }
}

/// The heads of the ablation `none`, which average the gray image to each level's size.
package struct GrayHeads: ConditioningHeads {
    /// By how much the image is averaged for level 5.
    package static let pooling = 8

    func callAsFunction(_ features: Tensor, _ execution: Execution) -> Heads.Output {
        let images = FlowPlan.levels.map { level in
            let factor = NetworkGeometry.chromaSide / level.size
            let pooled = factor == 1 ? features : Elementwise.averagePool(features, factor, execution)
            return Array(repeating: pooled, count: level.blocks)
        }
        let vector = Elementwise.averagePool(features, Self.pooling, execution)
        return Heads.Output(images: images, vector: vector.reshaped([features.shape[0], vector.channelSize]))
    }
}
