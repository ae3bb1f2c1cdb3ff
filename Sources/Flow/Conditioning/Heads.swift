import Kernels
import Tensor

/// The conditioning heads: features [N, F, 64, 64] to each block's condition.
///
/// All first convolutions of one stride read the same features, so their filters are stacked into one convolution.
package struct Heads: ConditioningHeads {
    /// The conditions of each level's blocks, as the coefficient functions see them.
    struct Output: Sendable {
        /// [level 1...4][block], [N, C, H, W].
        let images: [[Tensor]]
        /// Level 5, for all blocks, [N, C].
        let vector: Tensor
    }

    /// One head after its first convolution.
    private struct Tail: Sendable {
        /// Stride of the stacked convolution that holds the head's first one, and its channels there.
        let stride: Int
        let channels: Range<Int>
        let convolutions: [Convolution]
    }

    private let first: [Int: Convolution]
    private let images: [[Tail]]
    private let vector: Tail
    private let vectorNorm: BatchNorm

    init(_ configuration: ModelConfiguration, from weights: any Weights) throws(ModelError) {
        var stacks: [Int: FilterStack] = [:]
        func tail(_ name: String, _ plan: [(channels: Int, stride: Int)], isPooled: Bool = false)
            throws(ModelError) -> Tail
        {
            var (inputs, side) = (configuration.features, NetworkGeometry.chromaSide)
            var convolutions: [Convolution] = []
            var place = 0..<0
            for (i, step) in plan.enumerated() {
                let outputs = configuration.scaled(step.channels)
                side /= step.stride
                let isLast = i == plan.count - 1
                var filters = try weights.tensor("\(name).conv\(i).weight", [outputs, inputs, 3, 3])
                var bias = try weights.tensor("\(name).conv\(i).bias", [outputs]).values
                if isLast && !isPooled {
                    let norm = try BatchNorm("\(name).norm", channels: outputs, from: weights)
                    (filters, bias) = norm.folded(into: filters, bias: bias)
                }
                if i == 0 {
                    place = stacks[step.stride, default: FilterStack()].append(filters, bias)
                } else {
                    convolutions.append(
                        Convolution(
                            weight: filters, bias: bias, stride: step.stride, padding: .symmetric(1),
                            activation: isLast ? .none : .leakyReLU(FlowPlan.slope), outputSide: side))
                }
                inputs = outputs
            }
            return Tail(stride: plan[0].stride, channels: place, convolutions: convolutions)
        }
        var images: [[Tail]] = []
        for (l, level) in FlowPlan.levels.enumerated() {
            var tails: [Tail] = []
            for block in 0..<level.blocks {
                tails.append(try tail("level\(l + 1).conditional.\(block).head", level.head))
            }
            images.append(tails)
        }
        vector = try tail("level5.head", FlowPlan.denseHead, isPooled: true)
        vectorNorm = try BatchNorm(
            "level5.head.norm", channels: configuration.scaled(FlowPlan.denseHead.last?.channels ?? 0), from: weights)
        self.images = images
        // A head of one convolution has no activation after it; those are the heads of stride 1.
        first = stacks.reduce(into: [:]) { result, stack in
            result[stack.key] = stack.value.convolution(
                stride: stack.key, activation: stack.key == 1 ? .none : .leakyReLU(FlowPlan.slope))
        }
    }

    func callAsFunction(_ features: Tensor, _ execution: Execution) -> Output {
        let stacked = first.mapValues { $0(features, execution) }
        // Each head runs on its own thread, as its convolutions are too small for several; the largest comes first.
        let tails = [vector] + images.joined()
        let outputs = execution.map(tails.count) { index in
            let tail = tails[index]
            guard let source = stacked[tail.stride] else {
                preconditionFailure("no convolution of stride \(tail.stride)")
            }
            return tail.convolutions.reduce(source.channels(tail.channels)) { $1($0, execution.share) }
        }
        let pooled = Elementwise.globalAveragePool(outputs[0], execution)
        var rest = outputs.dropFirst()
        return Output(
            images: images.map { level in
                defer { rest = rest.dropFirst(level.count) }
                return Array(rest.prefix(level.count))
            },
            vector: Elementwise.affine(pooled, scale: vectorNorm.scale, shift: vectorNorm.shift, execution))
    }
}

/// Filters of convolutions of the same input, one after the other.
private struct FilterStack {
    private var filters: [Tensor] = []
    private var bias: [Float] = []

    /// Adds filters and gives their output channels.
    mutating func append(_ filters: Tensor, _ bias: [Float]) -> Range<Int> {
        let start = self.bias.count
        self.filters.append(filters)
        self.bias += bias
        return start..<self.bias.count
    }

    func convolution(stride: Int, activation: Activation) -> Convolution {
        Convolution(
            weight: .stacked(filters), bias: bias, stride: stride, padding: .symmetric(1), activation: activation)
    }
}
