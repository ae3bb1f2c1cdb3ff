import Flow
import Kernels
import Tensor

/// A flow while it is trained: a list of invertible steps.
struct TrainableFlow {
    private let steps: [any FlowStep]
    /// Shapes of the latent's parts, without the batch.
    private let latentShapes: [[Int]]

    init(steps: [any FlowStep], latentShapes: [[Int]]) {
        (self.steps, self.latentShapes) = (steps, latentShapes)
    }

    /// The colouring flow; see `Colorizer`.
    init(_ configuration: ModelConfiguration, _ parameters: Parameters) {
        var steps: [any FlowStep] = configuration.affine ? [AffineStep()] : []
        let alpha = FlowPlan.colorClamp
        for (l, level) in FlowPlan.levels.enumerated() {
            for b in 0..<level.blocks {
                let name = "level\(l + 1).conditional.\(b)"
                let step = CouplingStep(
                    name, alpha: alpha, { .images(name: $0, kernel: 3, slope: FlowPlan.conditionalSlope) }
                ) {
                    $0.images[l][b]
                }
                steps += [step, IsometricStep.rotation(parameters[name + ".rotation"].value)]
            }
            steps.append(IsometricStep.spaceToDepth)
            for b in 0..<FlowPlan.freeBlocks {
                let name = "level\(l + 1).unconditional.\(b)"
                let step = CouplingStep(name, alpha: alpha, { .images(name: $0, kernel: 1, slope: FlowPlan.slope) }) {
                    _ in
                    nil
                }
                steps += [IsometricStep.rotation(parameters[name + ".rotation"].value), step]
            }
            if level.split > 0 { steps.append(IsometricStep.split(level.split)) }
        }
        steps.append(IsometricStep.flatten(FlowPlan.levels.last?.keptShape ?? []))
        steps += Self.blocks("level5.conditional", count: FlowPlan.dense.blocks, alpha: alpha, parameters)
        self.steps = steps
        latentShapes = FlowPlan.levels.filter { $0.split > 0 }.map(\.latentShape) + [[FlowPlan.dense.values]]
    }

    /// The flow for digits; see `DigitGenerator`.
    init(_ configuration: DigitConfiguration, _ parameters: Parameters) {
        steps = Self.blocks("block", count: configuration.blocks, alpha: FlowPlan.digitClamp, parameters)
        latentShapes = [[DigitGenerator.latentCount]]
    }

    /// Conditional couplings on vectors, each with a permutation behind it; see `DenseLevel`.
    private static func blocks(_ name: String, count: Int, alpha: Float, _ parameters: Parameters) -> [any FlowStep] {
        (0..<count).flatMap { b -> [any FlowStep] in
            let name = "\(name).\(b)"
            return [
                CouplingStep(name, alpha: alpha, CoefficientFunction.vectors) { $0.vector },
                IsometricStep.permutation(parameters.permutation("\(name).permutation")),
            ]
        }
    }

    /// Samples to the latent's parts, and log|det J| of each sample.
    func forward(_ x: Tensor, _ context: FlowContext) -> (z: Flowing, logDeterminant: [Double]) {
        var logDeterminant = [Double](repeating: 0, count: x.shape[0])
        let z = steps.reduce(Flowing(x: x)) { $1.forward($0, &logDeterminant, context) }
        return (z, logDeterminant)
    }

    /// The latent's parts to samples.
    func inverse(_ z: Flowing, _ context: FlowContext) -> Tensor {
        steps.reversed().reduce(z) { $1.inverse($0, context) }.x
    }

    /// Sends the gradients of z and of every log|det J| back to parameters and conditions; returns the samples as
    /// recomputed, and their gradient.
    @discardableResult
    func backward(_ z: Flowing, gradient: Flowing, logScale: Float, _ context: FlowContext) -> FlowingGradient {
        let end = FlowingGradient(value: z, gradient: gradient)
        return steps.reversed().reduce(end) { $1.backward($0, logScale: logScale, context) }
    }

    /// Sends the gradient of samples, which `inverse` made, back to parameters and conditions.
    func inverseBackward(_ x: Tensor, gradient: Tensor, _ context: FlowContext) {
        let end = FlowingGradient(value: Flowing(x: x), gradient: Flowing(x: gradient))
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
