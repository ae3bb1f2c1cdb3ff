import Kernels
import Tensor

/// A coefficient function of four fully connected layers, giving [s, t] jointly, [N, 2h].
///
/// The first layer is linear in [x, c]; only its part in x is here, the part in c comes as an addend.
struct DenseCoefficients: Sendable {
    private let first: Linear
    private let rest: [Linear]

    /// `conditionRows` is given the first layer's part in c, [hidden, condition], with its bias.
    init(
        _ name: String, inputs: Int, condition: Int, hidden: Int, outputs: Int, from weights: any Weights,
        conditionRows: inout [(rows: Tensor, bias: [Float])]
    ) throws(ModelError) {
        let joint = try weights.tensor("\(name).linear0.weight", [hidden, inputs + condition])
        let bias = try weights.tensor("\(name).linear0.bias", [hidden]).values
        first = Linear(weight: joint.channels(0..<inputs), bias: nil, activation: .relu)
        conditionRows.append((joint.channels(inputs..<inputs + condition), bias))
        var rest: [Linear] = []
        for i in 1...3 {
            let width = i == 3 ? outputs : hidden
            rest.append(
                Linear(
                    weight: try weights.tensor("\(name).linear\(i).weight", [width, hidden]),
                    bias: try weights.tensor("\(name).linear\(i).bias", [width]).values,
                    activation: i == 3 ? .none : .relu))
        }
        self.rest = rest
    }

    func callAsFunction(_ x: Tensor, condition: Tensor, _ execution: Execution) -> Tensor {
        rest.reduce(first(x, adding: condition, execution)) { $1($0, execution) }
    }
}
