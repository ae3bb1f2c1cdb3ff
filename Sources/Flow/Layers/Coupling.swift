import Kernels
import Tensor

/// The affine coupling of GLOW, both halves transformed: section 3 of the paper.
///
/// `y1 = x1·exp(s2) + t2` with `(s2, t2) = f2(x2)`, then `y2 = x2·exp(s1) + t1` with `(s1, t1) = f1(y1)`, where each s
/// goes through `SoftClamp`. Samples are [N, C] or [N, C, H, W].
enum Coupling {
    /// A coefficient function: half of the channels to [s, t].
    typealias Coefficients = (Tensor) -> Tensor

    /// y and, for each sample, log|det dy/dx|.
    static func forward(
        _ x: Tensor, _ f1: Coefficients, _ f2: Coefficients, alpha: Float, _ execution: Execution
    ) -> (y: Tensor, logDeterminant: [Double]) {
        let (x1, x2) = x.halves
        let (y1, s2) = Elementwise.couplingForward(x1, st: f2(x2), alpha: alpha, execution)
        let (y2, s1) = Elementwise.couplingForward(x2, st: f1(y1), alpha: alpha, execution)
        return (.joined([y1, y2]), zip(s1, s2).map(+))
    }

    /// x and, for each sample, log|det dy/dx|, that of the forward direction.
    static func inverse(
        _ y: Tensor, _ f1: Coefficients, _ f2: Coefficients, alpha: Float, _ execution: Execution
    ) -> (x: Tensor, logDeterminant: [Double]) {
        let (y1, y2) = y.halves
        let (x2, s1) = Elementwise.couplingInverse(y2, st: f1(y1), alpha: alpha, execution)
        let (x1, s2) = Elementwise.couplingInverse(y1, st: f2(x2), alpha: alpha, execution)
        return (.joined([x1, x2]), zip(s1, s2).map(+))
    }
}
