import Flow
import Kernels
import Tensor

/// A conditional coupling on vectors and a fixed permutation `y_i = x_p(i)` in training; see Flow's `DenseBlock`.
package struct DenseBlockLayer {
    package typealias Tape = CouplingLayer<DenseCoefficientsLayer>.Tape

    private let coupling: CouplingLayer<DenseCoefficientsLayer>
    private let permutation: [Int]
    private let inversePermutation: [Int]

    package init(_ name: String, _ parameters: Parameters, alpha: Float) {
        coupling = CouplingLayer(
            DenseCoefficientsLayer("\(name).coefficients1", parameters),
            DenseCoefficientsLayer("\(name).coefficients2", parameters), alpha: alpha)
        guard let permutation = parameters.permutations["\(name).permutation"]?.map(Int.init) else {
            preconditionFailure("no permutation of \(name)")
        }
        self.permutation = permutation
        inversePermutation = permutation.indices.sorted { permutation[$0] < permutation[$1] }
    }

    /// `[N, C]` and a condition `[N, K]` to y, its log-determinants and what was computed on the way.
    package func forward(
        _ x: Tensor, condition: Tensor, _ execution: Execution
    ) -> (y: Tensor, logDeterminant: [Double], tape: Tape) {
        let (y, logDeterminant, tape) = coupling.forward(x, condition: condition, execution)
        return (Elementwise.permuteChannels(y, permutation, execution), logDeterminant, tape)
    }

    /// x and the loss's derivatives by x and the condition, from y and the derivative by y.
    ///
    /// - Parameter tape: From the forward pass; without one it is computed again from y.
    package func backward(
        output y: Tensor, tape: Tape? = nil, dy: Tensor, dLogDeterminant: Float, condition: Tensor,
        _ execution: Execution
    ) -> (x: Tensor, dx: Tensor, dCondition: Tensor) {
        let mixed = Elementwise.permuteChannels(dy, inversePermutation, execution)
        let tape =
            tape
            ?? coupling.tape(
                output: Elementwise.permuteChannels(y, inversePermutation, execution), condition: condition, execution)
        let (x, dx, dCondition) = coupling.backward(
            tape, dy: mixed, dLogDeterminant: dLogDeterminant, hasCondition: true, execution)
        guard let dCondition else { preconditionFailure("a conditional coupling has a condition") }
        return (x, dx, dCondition)
    }
}
