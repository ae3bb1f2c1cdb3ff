import Flow
import Kernels
import Tensor

/// The colouring flow while it is trained: a list of invertible steps.
struct TrainableFlow {
    private let steps: [any FlowStep]
    /// Shapes of the latent's parts, without the batch.
    private let latentShapes: [[Int]]

    init(steps: [any FlowStep], latentShapes: [[Int]]) {
        (self.steps, self.latentShapes) = (steps, latentShapes)
    }

    init(_ configuration: ModelConfiguration, _ parameters: Parameters) {
        var steps: [any FlowStep] = configuration.affine ? [AffineStep()] : []
        func coupling(
            _ name: String, _ function: (String) -> CoefficientFunction,
            _ condition: @escaping (ConditioningGraph.Conditions) -> Variable?
        ) -> CouplingStep {
            CouplingStep(
                first: function("\(name).coefficients1"), second: function("\(name).coefficients2"),
                alpha: FlowPlan.colorClamp, condition: condition)
        }
        for (l, level) in FlowPlan.levels.enumerated() {
            for b in 0..<level.blocks {
                let name = "level\(l + 1).conditional.\(b)"
                let step = coupling(name, { .images(name: $0, kernel: 3, slope: 0.05) }) { $0.images[l][b] }
                steps += [step, IsometricStep.rotation(parameters[name + ".rotation"].value)]
            }
            steps.append(IsometricStep.spaceToDepth)
            for b in 0..<FlowPlan.freeBlocks {
                let name = "level\(l + 1).unconditional.\(b)"
                let step = coupling(name, { .images(name: $0, kernel: 1, slope: 0.01) }) { _ in nil }
                steps += [IsometricStep.rotation(parameters[name + ".rotation"].value), step]
            }
            if level.split > 0 { steps.append(IsometricStep.split(level.split)) }
        }
        steps.append(IsometricStep.flatten(FlowPlan.levels.last?.keptShape ?? []))
        for b in 0..<FlowPlan.dense.blocks {
            let name = "level5.conditional.\(b)"
            let step = coupling(name, CoefficientFunction.vectors) { $0.vector }
            steps += [
                step,
                IsometricStep.permutation(parameters.permutations[name + ".permutation", default: []].map(Int.init)),
            ]
        }
        self.steps = steps
        latentShapes = FlowPlan.levels.filter { $0.split > 0 }.map(\.latentShape) + [[FlowPlan.dense.values]]
    }

    /// Normalised chroma [N, 2, 64, 64] to the latent's parts, and log|det J| of each sample.
    func forward(_ chroma: Tensor, _ context: FlowContext) -> (z: Flowing, logDeterminant: [Double]) {
        var logDeterminant = [Double](repeating: 0, count: chroma.shape[0])
        let z = steps.reduce(Flowing(x: chroma)) { $1.forward($0, &logDeterminant, context) }
        return (z, logDeterminant)
    }

    /// The latent's parts to normalised chroma.
    func inverse(_ z: Flowing, _ context: FlowContext) -> Tensor {
        steps.reversed().reduce(z) { $1.inverse($0, context) }.x
    }

    /// Sends the gradients of z and of every log|det J| back to parameters and conditions; returns the chroma as
    /// recomputed.
    @discardableResult
    func backward(_ z: Flowing, gradient: Flowing, logScale: Float, _ context: FlowContext) -> Tensor {
        let end = FlowingGradient(value: z, gradient: gradient)
        return steps.reversed().reduce(end) { $1.backward($0, logScale: logScale, context) }.value.x
    }

    /// Sends the gradient of chroma, which `inverse` made, back to parameters and conditions.
    func inverseBackward(_ chroma: Tensor, gradient: Tensor, _ context: FlowContext) {
        let end = FlowingGradient(value: Flowing(x: chroma), gradient: Flowing(x: gradient))
        _ = steps.reduce(end) { $1.inverseBackward($0, context) }
    }

    /// Latents of zero: the mode.
    func mode(_ count: Int) -> Flowing {
        let parts = latentShapes.map { Tensor([count] + $0) }
        return Flowing(x: parts[parts.count - 1], latents: Array(parts.dropLast()))
    }
}

extension Flowing {
    /// All parts.
    var parts: [Tensor] { latents + [x] }

    /// A function of each element.
    func map(_ body: (Float) -> Float) -> Flowing { Flowing(x: x.map(body), latents: latents.map { $0.map(body) }) }
}
