import Kernels
import Tensor

/// Conditional blocks on vectors: level 5 of the colouring flow, and the whole flow for digits.
///
/// All first layers' parts in the condition are stacked into one layer.
struct DenseLevel: Sendable {
    private let blocks: [DenseBlock]
    private let projection: Linear
    private let hidden: Int

    /// `name` is followed by each block's number.
    init(
        _ name: String, count: Int, channels: Int, condition: Int, hidden: Int, alpha: Float, from weights: any Weights
    )
        throws(ModelError)
    {
        var parts: [(rows: Tensor, bias: [Float])] = []
        var blocks: [DenseBlock] = []
        for b in 0..<count {
            blocks.append(
                try DenseBlock(
                    "\(name).\(b)", channels: channels, condition: condition, hidden: hidden, alpha: alpha,
                    from: weights, conditionRows: &parts))
        }
        self.blocks = blocks
        self.hidden = hidden
        projection = Linear(weight: .stacked(parts.map(\.rows)), bias: parts.flatMap(\.bias))
    }

    /// A condition [N, C] to its part in each block.
    func conditions(_ condition: Tensor, _ execution: Execution) -> [DenseBlock.Condition] {
        let all = projection(condition, execution)
        return blocks.indices.map { b in
            let start = 2 * b * hidden
            return DenseBlock.Condition(
                first: all.channels(start..<start + hidden), second: all.channels(start + hidden..<start + 2 * hidden))
        }
    }

    func forward(
        _ x: Tensor, _ conditions: [DenseBlock.Condition], _ logDeterminant: inout [Double], _ execution: Execution
    ) -> Tensor {
        var x = x
        for (block, condition) in zip(blocks, conditions) {
            x = logDeterminant.adding(block.forward(x, condition, execution))
        }
        return x
    }

    func inverse(
        _ y: Tensor, _ conditions: [DenseBlock.Condition], _ logDeterminant: inout [Double], _ execution: Execution
    ) -> Tensor {
        var y = y
        for (block, condition) in zip(blocks, conditions).reversed() {
            y = logDeterminant.adding(block.inverse(y, condition, execution))
        }
        return y
    }
}
