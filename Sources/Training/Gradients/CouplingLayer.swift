import Flow
import Kernels
import Tensor

/// A coefficient function in training: half of the channels, joined with the condition, to [s, t].
package protocol CoefficientLayer {
    /// What goes in, everything between that the way back needs, and last [s, t].
    func forward(_ x: Tensor, _ execution: Execution) -> [Tensor]

    /// Adds to the parameters' gradients, and gives the loss's derivative by what went in.
    func backward(_ activations: [Tensor], _ gradient: Tensor, _ execution: Execution) -> Tensor
}

/// An affine coupling in training, on [N, C, …]; see Flow's `Coupling`.
///
/// The way back needs what the coefficient functions computed. It is either kept, as a `Tape`, or computed again from
/// the output, as the coupling is invertible; then memory does not grow with the number of couplings.
package struct CouplingLayer<Coefficients: CoefficientLayer> {
    /// What one pass computed.
    package struct Tape {
        let x1: Tensor
        let x2: Tensor
        /// The coefficient functions' activations.
        let first: [Tensor]
        let second: [Tensor]
    }

    private let f1: Coefficients
    private let f2: Coefficients
    private let alpha: Float

    package init(_ f1: Coefficients, _ f2: Coefficients, alpha: Float) {
        (self.f1, self.f2, self.alpha) = (f1, f2, alpha)
    }

    /// y, each sample's log|det dy/dx|, and what was computed on the way.
    package func forward(
        _ x: Tensor, condition: Tensor?, _ execution: Execution
    ) -> (y: Tensor, logDeterminant: [Double], tape: Tape) {
        let (x1, x2) = x.halves
        let second = f2.forward(joined(x2, condition), execution)
        let (y1, s2) = Elementwise.couplingForward(x1, st: second[second.count - 1], alpha: alpha, execution)
        let first = f1.forward(joined(y1, condition), execution)
        let (y2, s1) = Elementwise.couplingForward(x2, st: first[first.count - 1], alpha: alpha, execution)
        return (.joined([y1, y2]), zip(s1, s2).map(+), Tape(x1: x1, x2: x2, first: first, second: second))
    }

    /// What the forward pass that gave y had computed.
    package func tape(output y: Tensor, condition: Tensor?, _ execution: Execution) -> Tape {
        let (y1, y2) = y.halves
        let first = f1.forward(joined(y1, condition), execution)
        let (x2, _) = Elementwise.couplingInverse(y2, st: first[first.count - 1], alpha: alpha, execution)
        let second = f2.forward(joined(x2, condition), execution)
        let (x1, _) = Elementwise.couplingInverse(y1, st: second[second.count - 1], alpha: alpha, execution)
        return Tape(x1: x1, x2: x2, first: first, second: second)
    }

    /// What went in, and the loss's derivatives by it and by the condition; adds to the parameters' gradients.
    ///
    /// - Parameters:
    ///   - dy: The loss's derivative by y.
    ///   - dLogDeterminant: The loss's derivative by each sample's log-determinant.
    package func backward(
        _ tape: Tape, dy: Tensor, dLogDeterminant: Float, hasCondition: Bool, _ execution: Execution
    ) -> (x: Tensor, dx: Tensor, dCondition: Tensor?) {
        let half = tape.x1.shape[1]
        var (dy1, dy2) = dy.halves
        // y2 = x2·exp(s1(y1)) + t1(y1)
        let (direct2, dst1) = Elementwise.couplingGradient(
            tape.x2, st: tape.first[tape.first.count - 1], alpha: alpha, dy: dy2, dLogScale: dLogDeterminant,
            execution)
        let dInput1 = f1.backward(tape.first, dst1, execution)
        Elementwise.accumulate(&dy1, dInput1.channels(0..<half), execution)
        // y1 = x1·exp(s2(x2)) + t2(x2)
        let (dx1, dst2) = Elementwise.couplingGradient(
            tape.x1, st: tape.second[tape.second.count - 1], alpha: alpha, dy: dy1, dLogScale: dLogDeterminant,
            execution)
        let dInput2 = f2.backward(tape.second, dst2, execution)
        dy2 = direct2
        Elementwise.accumulate(&dy2, dInput2.channels(0..<half), execution)
        var dCondition: Tensor?
        if hasCondition {
            var sum = dInput1.channels(half..<dInput1.shape[1])
            Elementwise.accumulate(&sum, dInput2.channels(half..<dInput2.shape[1]), execution)
            dCondition = sum
        }
        return (.joined([tape.x1, tape.x2]), .joined([dx1, dy2]), dCondition)
    }

    private func joined(_ x: Tensor, _ condition: Tensor?) -> Tensor {
        condition.map { .joined([x, $0]) } ?? x
    }
}
