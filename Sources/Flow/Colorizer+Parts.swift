import Foundation
import Kernels
import Tensor

extension Colorizer {
    /// The parts of a network, which are built side by side where the weights are a file's.
    struct Parts {
        let conditioning: any ConditioningNetwork
        let heads: any ConditioningHeads
        let regression: Regression?
        let levels: [Level]
        let dense: DenseLevel

        private enum Part: Sendable {
            case conditioning(any ConditioningNetwork)
            case heads(any ConditioningHeads)
            case regression(Regression?)
            case level(Level)
            case dense(DenseLevel)
        }

        /// - Throws: what the first part that cannot be built says.
        init(_ configuration: ModelConfiguration, from weights: any Weights) throws(ModelError) {
            // Only a file's weights are read on several threads, and those may be.
            nonisolated(unsafe) let weights = weights
            let threads = weights is FileWeights ? ProcessInfo.processInfo.activeProcessorCount : 1
            let built = Execution(threads: threads).map(FlowPlan.levels.count + 4) { index in
                Result { () throws(ModelError) in try Self.part(index, configuration, weights) }
            }
            var conditioning: (any ConditioningNetwork)?
            var heads: (any ConditioningHeads)?
            var regression: Regression?
            var levels: [Level] = []
            var dense: DenseLevel?
            for result in built {
                switch try result.get() {
                case .conditioning(let part): conditioning = part
                case .heads(let part): heads = part
                case .regression(let part): regression = part
                case .level(let part): levels.append(part)
                case .dense(let part): dense = part
                }
            }
            guard let conditioning, let heads, let dense else { preconditionFailure("a network has all of its parts") }
            (self.conditioning, self.heads, self.regression) = (conditioning, heads, regression)
            (self.levels, self.dense) = (levels, dense)
        }

        private static func part(_ index: Int, _ configuration: ModelConfiguration, _ weights: any Weights)
            throws(ModelError) -> Part
        {
            let hasNetwork = configuration.ablation != .none
            switch index {
            case 0:
                return switch (hasNetwork, configuration.preset) {
                case (false, _): .conditioning(GrayConditioning())
                case (true, .paper): .conditioning(try VGGConditioning(configuration, from: weights))
                case (true, .compact): .conditioning(try CompactConditioning(configuration, from: weights))
                }
            case 1: return .heads(hasNetwork ? try Heads(configuration, from: weights) : GrayHeads())
            case 2: return .regression(configuration.affine ? try Regression(configuration, from: weights) : nil)
            case 3 + FlowPlan.levels.count:
                let pooled = NetworkGeometry.chromaSide / GrayHeads.pooling
                let condition = configuration.scaled(FlowPlan.denseHead.last?.channels ?? 0)
                return .dense(
                    try DenseLevel(
                        "level5.conditional", count: FlowPlan.dense.blocks, channels: FlowPlan.dense.values,
                        condition: hasNetwork ? condition : pooled * pooled,
                        hidden: configuration.scaled(FlowPlan.dense.hidden), alpha: FlowPlan.colorClamp, from: weights))
            default:
                let plan = FlowPlan.levels[index - 3]
                let condition = hasNetwork ? configuration.scaled(plan.head.last?.channels ?? 0) : 1
                return .level(
                    try Level("level\(index - 2)", plan, condition: condition, configuration, from: weights))
            }
        }
    }
}
