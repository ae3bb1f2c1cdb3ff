import Kernels
import Tensor

/// The state of a batch in the flow: the samples, and the parts that have left for the latent.
struct Flowing {
    var x: Tensor
    var latents: [Tensor] = []
}

/// A value in the flow together with its gradient.
struct FlowingGradient {
    var value: Flowing
    var gradient: Flowing
}

/// One invertible step of a flow while it is trained.
///
/// Going back, a step computes its input anew from its output, so that nothing has to be kept on the way and memory
/// does not grow with depth.
protocol FlowStep {
    /// Runs the step and adds to each sample's log|det J|.
    func forward(_ input: Flowing, _ logDeterminant: inout [Double], _ context: FlowContext) -> Flowing
    func inverse(_ output: Flowing, _ context: FlowContext) -> Flowing
    /// From the output and its gradient to the input and its gradient; parameters and conditions receive theirs.
    ///
    /// `logScale` is the derivative of the loss by each log|det J|.
    func backward(_ output: FlowingGradient, logScale: Float, _ context: FlowContext) -> FlowingGradient
    /// The same for the inverse: from its output, which is the step's input, to its input.
    func inverseBackward(_ input: FlowingGradient, _ context: FlowContext) -> FlowingGradient
}

/// A step that only moves or rotates values: its log-determinant is 0, and its gradient goes back by its inverse.
struct IsometricStep: FlowStep {
    let forward: (Flowing, Execution) -> Flowing
    let inverse: (Flowing, Execution) -> Flowing

    func forward(_ input: Flowing, _ logDeterminant: inout [Double], _ context: FlowContext) -> Flowing {
        forward(input, context.execution)
    }

    func inverse(_ output: Flowing, _ context: FlowContext) -> Flowing { inverse(output, context.execution) }

    func backward(_ output: FlowingGradient, logScale: Float, _ context: FlowContext) -> FlowingGradient {
        FlowingGradient(
            value: inverse(output.value, context.execution), gradient: inverse(output.gradient, context.execution))
    }

    func inverseBackward(_ input: FlowingGradient, _ context: FlowContext) -> FlowingGradient {
        FlowingGradient(
            value: forward(input.value, context.execution), gradient: forward(input.gradient, context.execution))
    }
}

extension IsometricStep {
    /// One that acts on the samples alone.
    private init(_ forward: @escaping (Tensor, Execution) -> Tensor, _ inverse: @escaping (Tensor, Execution) -> Tensor)
    {
        self.init(
            forward: { Flowing(x: forward($0.x, $1), latents: $0.latents) },
            inverse: { Flowing(x: inverse($0.x, $1), latents: $0.latents) })
    }

    /// y = R x for an orthogonal matrix.
    static func rotation(_ matrix: Tensor) -> IsometricStep {
        let transposed = matrix.transposed
        return IsometricStep(
            { Elementwise.rotate($0, matrix, $1) }, { Elementwise.rotate($0, transposed, $1) })
    }

    /// y_i = x_p(i).
    static func permutation(_ order: [Int]) -> IsometricStep {
        let back = order.indices.sorted { order[$0] < order[$1] }
        return IsometricStep(
            { Elementwise.permuteChannels($0, order, $1) }, { Elementwise.permuteChannels($0, back, $1) })
    }

    /// 2 × 2 blocks become channels.
    static var spaceToDepth: IsometricStep {
        IsometricStep({ Elementwise.spaceToDepth2($0, $1) }, { Elementwise.depthToSpace2($0, $1) })
    }

    /// Images [N, C, H, W] become vectors.
    static func flatten(_ shape: [Int]) -> IsometricStep {
        IsometricStep(
            { x, _ in x.reshaped([x.shape[0], shape.reduce(1, *)]) }, { x, _ in x.reshaped([x.shape[0]] + shape) })
    }

    /// The last channels leave for the latent.
    static func split(_ count: Int) -> IsometricStep {
        IsometricStep(
            forward: { flowing, _ in
                let kept = flowing.x.shape[1] - count
                return Flowing(
                    x: flowing.x.channels(0..<kept),
                    latents: flowing.latents + [flowing.x.channels(kept..<kept + count)])
            },
            inverse: { flowing, _ in
                var latents = flowing.latents
                return Flowing(x: Tensor.joined([flowing.x, latents.removeLast()]), latents: latents)
            })
    }
}

extension Tensor {
    /// A matrix's transpose.
    var transposed: Tensor {
        let (rows, columns, values) = (shape[0], shape[1], values)
        return Tensor([columns, rows], (0..<count).map { values[$0 % rows * columns + $0 / rows] })
    }
}
