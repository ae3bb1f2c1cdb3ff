import Kernels
import Tensor

/// One of the levels 1 to 4: conditional blocks, reshape, unconditional blocks, split.
struct Level: Sendable {
    private let conditional: [ConditionalBlock]
    private let unconditional: [UnconditionalBlock]
    private let plan: FlowPlan.Level

    /// `condition` is the number of channels of each block's condition.
    init(
        _ name: String, _ plan: FlowPlan.Level, condition: Int, _ configuration: ModelConfiguration,
        from weights: any Weights
    )
        throws(ModelError)
    {
        self.plan = plan
        var conditional: [ConditionalBlock] = []
        for b in 0..<plan.blocks {
            conditional.append(
                try ConditionalBlock(
                    "\(name).conditional.\(b)", channels: plan.channels, condition: condition,
                    hidden: configuration.scaled(plan.hidden), from: weights))
        }
        self.conditional = conditional
        var unconditional: [UnconditionalBlock] = []
        for b in 0..<FlowPlan.freeBlocks {
            unconditional.append(
                try UnconditionalBlock(
                    "\(name).unconditional.\(b)", channels: plan.channels * 4, hidden: configuration.scaled(plan.free),
                    from: weights))
        }
        self.unconditional = unconditional
    }

    /// Values of a sample that leave for the latent.
    var latentCount: Int { plan.latentCount }

    /// Samples that go through a level together: enough to share the reading of filters, few enough for the cache.
    private static let group = 4

    /// Prepares the blocks' conditions.
    func conditions(_ heads: [Tensor], _ execution: Execution) -> [ConditionalBlock.Condition] {
        execution.map(heads.count) { conditional[$0].condition(heads[$0], execution.share) }
    }

    /// Gives the channels that go on and those that leave for the latent, if any; adds to the log-determinants.
    func forward(
        _ x: Tensor, _ conditions: [ConditionalBlock.Condition], _ logDeterminant: inout [Double],
        _ execution: Execution
    ) -> (kept: Tensor, latent: Tensor?) {
        var x = x
        for (block, condition) in zip(conditional, conditions) {
            x = logDeterminant.adding(block.forward(x, condition, execution))
        }
        x = Elementwise.spaceToDepth2(x, execution)
        for block in unconditional { x = logDeterminant.adding(block.forward(x, execution)) }
        guard plan.split > 0 else { return (x, nil) }
        let kept = x.shape[1] - plan.split
        return (x.channels(0..<kept), x.channels(kept..<x.shape[1]))
    }

    /// The inverse; adds the forward direction's log-determinants.
    ///
    /// Samples that share their conditions are split into groups, each of which runs on a thread of its own.
    func inverse(
        _ kept: Tensor, latent: Tensor?, _ conditions: [ConditionalBlock.Condition],
        _ logDeterminant: inout [Double], _ execution: Execution
    ) -> Tensor {
        let samples = kept.shape[0]
        let step = min(Self.group, (samples + execution.threads - 1) / execution.threads)
        guard step < samples, samples >= execution.threads, conditions[0].first.shape[0] == 1 else {
            return together(kept, latent: latent, conditions, &logDeterminant, execution)
        }
        let sums = logDeterminant
        let parts = execution.map((samples + step - 1) / step) { index in
            let range = index * step..<min(samples, (index + 1) * step)
            var own = Array(sums[range])
            let x = together(
                kept.samples(range), latent: latent?.samples(range), conditions, &own, execution.share)
            return (x: x, logDeterminant: own)
        }
        logDeterminant = parts.flatMap(\.logDeterminant)
        return .stacked(parts.map(\.x))
    }

    private func together(
        _ kept: Tensor, latent: Tensor?, _ conditions: [ConditionalBlock.Condition],
        _ logDeterminant: inout [Double], _ execution: Execution
    ) -> Tensor {
        var x = latent.map { .joined([kept, $0]) } ?? kept
        for block in unconditional.reversed() { x = logDeterminant.adding(block.inverse(x, execution)) }
        x = Elementwise.depthToSpace2(x, execution)
        for (block, condition) in zip(conditional, conditions).reversed() {
            x = logDeterminant.adding(block.inverse(x, condition, execution))
        }
        return x
    }
}

extension FlowPlan.Level {
    /// Values of a sample that leave for the latent.
    package var latentCount: Int { split * (size / 2) * (size / 2) }
    /// Shape of one sample's part of the latent.
    package var latentShape: [Int] { [split, size / 2, size / 2] }
    /// Shape of one sample that goes on.
    package var keptShape: [Int] { [channels * 4 - split, size / 2, size / 2] }
}

extension [Double] {
    /// Adds a layer's log-determinants and gives its output.
    mutating func adding(_ layer: (Tensor, [Double])) -> Tensor {
        for i in indices { self[i] += layer.1[i] }
        return layer.0
    }
}
