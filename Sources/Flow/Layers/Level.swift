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

    /// Samples that go through the level together: enough to share the reading of filters, the more the fewer values a
    /// sample has there, and few enough for the cache.
    private var group: Int { max(4, 512 / (plan.size * plan.size)) }

    /// Prepares the blocks' conditions.
    func conditions(_ heads: [Tensor], _ execution: Execution) -> [ConditionalBlock.Condition] {
        execution.map(heads.count) { conditional[$0].condition(heads[$0], execution.share) }
    }

    /// Gives the channels that go on and those that leave for the latent, if any; adds to the log-determinants.
    func forward(
        _ x: Tensor, _ conditions: [ConditionalBlock.Condition], _ logDeterminant: inout [Double],
        _ execution: Execution
    ) -> (kept: Tensor, latent: Tensor?) {
        let y = inGroups(x.shape[0], conditions, &logDeterminant, execution) { range, sums, execution in
            togetherForward(range.map(x.samples) ?? x, conditions, &sums, execution)
        }
        guard plan.split > 0 else { return (y, nil) }
        let kept = y.shape[1] - plan.split
        return (y.channels(0..<kept), y.channels(kept..<y.shape[1]))
    }

    /// The inverse; adds the forward direction's log-determinants.
    func inverse(
        _ kept: Tensor, latent: Tensor?, _ conditions: [ConditionalBlock.Condition],
        _ logDeterminant: inout [Double], _ execution: Execution
    ) -> Tensor {
        inGroups(kept.shape[0], conditions, &logDeterminant, execution) { range, sums, execution in
            together(
                range.map(kept.samples) ?? kept, latent: range.map { latent?.samples($0) } ?? latent, conditions,
                &sums, execution)
        }
    }

    /// Splits samples that share their conditions into groups, each of which runs on a thread of its own.
    ///
    /// - Parameter body: Gets the samples of a group, nil for all of them, and their log-determinants, to which it adds.
    private func inGroups(
        _ samples: Int, _ conditions: [ConditionalBlock.Condition], _ logDeterminant: inout [Double],
        _ execution: Execution, _ body: @Sendable (Range<Int>?, inout [Double], Execution) -> Tensor
    ) -> Tensor {
        let parts = max(execution.threads, (samples + group / 2) / group)
        guard parts > 1, samples >= execution.threads, conditions[0].first.shape[0] == 1 else {
            return body(nil, &logDeterminant, execution)
        }
        let sums = logDeterminant
        let results = execution.map(parts) { index in
            let range = samples * index / parts..<samples * (index + 1) / parts
            var own = Array(sums[range])
            let x = body(range, &own, execution.share)
            return (x: x, logDeterminant: own)
        }
        logDeterminant = results.flatMap(\.logDeterminant)
        return .stacked(results.map(\.x))
    }

    private func togetherForward(
        _ x: Tensor, _ conditions: [ConditionalBlock.Condition], _ logDeterminant: inout [Double],
        _ execution: Execution
    ) -> Tensor {
        var x = x
        for (block, condition) in zip(conditional, conditions) {
            x = logDeterminant.adding(block.forward(x, condition, execution))
        }
        x = Elementwise.spaceToDepth2(x, execution)
        for block in unconditional { x = logDeterminant.adding(block.forward(x, execution)) }
        return x
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
