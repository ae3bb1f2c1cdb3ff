import Flow
import Kernels
import Tensor

/// The conditioning network, the heads and the regression while they are trained.
struct ConditioningGraph {
    let configuration: ModelConfiguration

    /// Normalised L [N, 1, 256, 256] to conditions.
    func conditions(_ lightness: Tensor, _ tape: Tape) -> FlowConditions {
        let features = features(lightness, tape)
        var result = configuration.ablation == .none ? gray(features, tape) : heads(features, tape)
        if configuration.affine { result.affine = regression(features, tape) }
        return result
    }

    /// Features [N, F, 64, 64].
    func features(_ lightness: Tensor, _ tape: Tape) -> Variable {
        switch (configuration.ablation, configuration.preset) {
        case (.none, _):
            Variable(
                Elementwise.averagePool(
                    lightness, NetworkGeometry.lightnessSide / NetworkGeometry.chromaSide, tape.execution))
        case (_, .paper): paper(Variable(lightness), tape)
        case (_, .compact): compact(Variable(lightness), tape)
        }
    }

    /// The chroma's mean and log scale for each value.
    func regression(_ features: Variable, _ tape: Tape) -> (mean: Variable, scale: Variable) {
        let hidden = tape.convolution(
            features, "regression.conv0", padding: .symmetric(1), activation: .leakyReLU(FlowPlan.slope))
        let both = tape.convolution(hidden, "regression.conv1", padding: .symmetric(0))
        return (tape.channels(both, 0..<2), tape.clamp(tape.channels(both, 2..<4), Regression.clamp))
    }

    // MARK: - Conditioning networks

    private func paper(_ lightness: Variable, _ tape: Tape) -> Variable {
        var x = lightness
        for (g, group) in VGGConditioning.plan.enumerated() {
            for (i, step) in group.enumerated() {
                let name = "conditioning.group\(g).conv\(i)"
                let isLast = g == VGGConditioning.plan.count - 1 && i == group.count - 1
                switch step {
                case .convolution(_, let stride, let dilation):
                    x = tape.convolution(
                        x, name, stride: stride, dilation: dilation, padding: .symmetric(dilation),
                        activation: isLast ? .none : .relu)
                case .transposed: x = tape.transposedConvolution(x, name, activation: .relu)
                }
            }
            x = tape.norm(x, "conditioning.group\(g).norm")
        }
        return x
    }

    private func compact(_ lightness: Variable, _ tape: Tape) -> Variable {
        var top: Variable?
        for (i, tap) in encoder(lightness, tape).enumerated().reversed() {
            let lateral = tape.convolution(tap, "conditioning.lateral\(i)", padding: .symmetric(0))
            let sum = top.map { tape.addUpsampled(lateral, $0) } ?? lateral
            let smooth = tape.convolution(sum, "conditioning.smooth\(i)", padding: .symmetric(1))
            top = tape.norm(smooth, "conditioning.norm\(i)", activation: .relu)
        }
        guard let top else { preconditionFailure("the pyramid has stages") }
        return top
    }

    private func encoder(_ lightness: Variable, _ tape: Tape) -> [Variable] {
        func layer(
            _ x: Variable, _ name: String, _ norm: String, stride: Int = 1, groups: Int = 1,
            activation: Activation = .relu6
        ) -> Variable {
            let y = tape.convolution(
                x, "conditioning.encoder.\(name)", stride: stride, padding: .same, groups: groups)
            return tape.norm(
                y, "conditioning.encoder.\(norm)", epsilon: 1e-3, momentum: 0.01, activation: activation)
        }
        let scaled = EfficientNetLite2.input(lightness.value, tape.execution)
        var x = layer(Variable(scaled), "stem", "norm", stride: 2)
        var taps: [Variable] = []
        for (b, block) in EfficientNetLite2.blocks.enumerated() {
            let name = "block.\(b)"
            var y = x
            if block.inner != block.inputs { y = layer(y, "\(name).expand", "\(name).norm0") }
            y = layer(y, "\(name).depthwise", "\(name).norm1", stride: block.stride, groups: block.inner)
            y = layer(y, "\(name).project", "\(name).norm2", activation: .none)
            x = block.isResidual ? tape.add(x, y) : y
            if block.isTap { taps.append(x) }
        }
        return taps
    }

    // MARK: - Heads

    private func heads(_ features: Variable, _ tape: Tape) -> FlowConditions {
        func head(_ name: String, _ plan: [(channels: Int, stride: Int)]) -> Variable {
            var x = features
            for (i, step) in plan.enumerated() {
                x = tape.convolution(
                    x, "\(name).conv\(i)", stride: step.stride, padding: .symmetric(1),
                    activation: i == plan.count - 1 ? .none : .leakyReLU(FlowPlan.slope))
            }
            return x
        }
        let images = FlowPlan.levels.enumerated().map { l, level in
            (0..<level.blocks).map { b in
                let name = "level\(l + 1).conditional.\(b).head"
                return tape.norm(head(name, level.head), "\(name).norm")
            }
        }
        let pooled = tape.globalAveragePool(head("level5.head", FlowPlan.denseHead))
        return FlowConditions(images: images, vector: tape.norm(pooled, "level5.head.norm"))
    }

    /// The gray image itself, averaged to each level's size.
    private func gray(_ features: Variable, _ tape: Tape) -> FlowConditions {
        let images = FlowPlan.levels.map { level in
            let factor = NetworkGeometry.chromaSide / level.size
            let pooled = factor == 1 ? features.value : Elementwise.averagePool(features.value, factor, tape.execution)
            return Array(repeating: Variable(pooled), count: level.blocks)
        }
        let vector = Elementwise.averagePool(features.value, GrayHeads.pooling, tape.execution)
        let count = vector.shape[0]
        return FlowConditions(
            images: images, vector: Variable(vector.reshaped([count, count == 0 ? 0 : vector.count / count])))
    }
}
