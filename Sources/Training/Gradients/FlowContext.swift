import Kernels
import Tensor

/// Parameters, threads and conditions for the steps of a flow.
struct FlowContext {
    let parameters: TrainedParameters
    let execution: Execution
    let conditions: FlowConditions
    /// Where couplings keep what their forward pass evaluated; nil where the backward pass evaluates it again.
    var kept: EvaluationStack?

    /// A tape for one coefficient function.
    func tape() -> Tape { Tape(parameters, execution) }
}

/// The conditions of a flow's couplings, for each sample of a batch.
struct FlowConditions {
    /// Of the colouring flow's levels 1 to 4: [level][block].
    var images: [[Variable]] = []
    /// Of blocks on vectors: the colouring flow's level 5, and all blocks of the flow for digits.
    var vector: Variable
    /// μ and s of the affine start, [N, 2, 64, 64].
    var affine: (mean: Variable, scale: Variable)?

    /// The same of the first samples of the batch.
    func first(_ count: Int, _ tape: Tape) -> FlowConditions {
        FlowConditions(
            images: images.map { $0.map { tape.first(count, of: $0) } }, vector: tape.first(count, of: vector),
            affine: affine.map { (tape.first(count, of: $0.mean), tape.first(count, of: $0.scale)) })
    }
}
