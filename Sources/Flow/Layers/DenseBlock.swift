import Kernels
import Tensor

/// A conditional coupling on vectors [N, C], then a fixed permutation `y_i = x_p(i)`.
struct DenseBlock: Sendable {
    /// The condition's part in the first layers of both coefficient functions, [N or 1, hidden].
    struct Condition: Sendable {
        let first: Tensor
        let second: Tensor
    }

    private let coefficients1: DenseCoefficients
    private let coefficients2: DenseCoefficients
    private let permutation: [Int]
    private let inversePermutation: [Int]
    private let alpha: Float

    /// `conditionRows` is given the first layers' parts in c of both functions, with their biases.
    init(
        _ name: String, channels: Int, condition: Int, hidden: Int, alpha: Float, from weights: any Weights,
        conditionRows: inout [(rows: Tensor, bias: [Float])]
    ) throws(ModelError) {
        coefficients1 = try DenseCoefficients(
            "\(name).coefficients1", inputs: channels / 2, condition: condition, hidden: hidden, outputs: channels,
            from: weights, conditionRows: &conditionRows)
        coefficients2 = try DenseCoefficients(
            "\(name).coefficients2", inputs: channels / 2, condition: condition, hidden: hidden, outputs: channels,
            from: weights, conditionRows: &conditionRows)
        let permutation = try weights.permutation("\(name).permutation", channels)
        inversePermutation = permutation.indices.sorted { permutation[$0] < permutation[$1] }
        self.permutation = permutation
        self.alpha = alpha
    }

    func forward(_ x: Tensor, _ c: Condition, _ execution: Execution) -> (Tensor, [Double]) {
        let (y, logDeterminant) = Coupling.forward(
            x, { coefficients1($0, condition: c.first, execution) },
            { coefficients2($0, condition: c.second, execution) },
            alpha: alpha, execution)
        return (Elementwise.permuteChannels(y, permutation, execution), logDeterminant)
    }

    func inverse(_ y: Tensor, _ c: Condition, _ execution: Execution) -> (Tensor, [Double]) {
        Coupling.inverse(
            Elementwise.permuteChannels(y, inversePermutation, execution),
            { coefficients1($0, condition: c.first, execution) },
            { coefficients2($0, condition: c.second, execution) }, alpha: alpha, execution)
    }
}
