import Flow
import Kernels
import Tensor

/// A coupling's coefficient function while it is trained: half of the channels, and a condition, to [s, t].
enum CoefficientFunction {
    /// Three convolutions on images; see `ConvolutionCoefficients`.
    case images(name: String, kernel: Int, slope: Float)
    /// Four fully connected layers on vectors; see `DenseCoefficients`.
    case vectors(name: String)

    func callAsFunction(_ x: Variable, _ condition: Variable?, _ tape: Tape) -> Variable {
        let joint = condition.map { tape.concatenate(x, $0) } ?? x
        switch self {
        case .images(let name, let kernel, let slope):
            return (0..<3).reduce(joint) { x, i in
                tape.convolution(
                    x, "\(name).conv\(i)", padding: .symmetric(kernel / 2),
                    activation: i == 2 ? .none : .leakyReLU(slope))
            }
        case .vectors(let name):
            return (0..<4).reduce(joint) { x, i in
                tape.linear(x, "\(name).linear\(i)", activation: i == 3 ? .none : .relu)
            }
        }
    }

    /// One evaluation of the function, through which gradients can be sent back once.
    struct Evaluation {
        fileprivate let input: Variable
        fileprivate let output: Variable
        fileprivate let tape: Tape

        /// [s, t].
        var coefficients: Tensor { output.value }

        /// Sends the gradient of [s, t] back to parameters and condition.
        ///
        /// - Parameter direct: The gradient that the input has from elsewhere.
        /// - Returns: The input's whole gradient.
        func backward(_ gradient: Tensor, adding direct: Tensor) -> Tensor {
            output.receive(gradient, tape.execution)
            tape.backward()
            guard var sum = input.takeGradient() else { return direct }
            Elementwise.accumulate(&sum, direct, tape.execution)
            return sum
        }
    }

    /// Evaluates the function at `x` so that gradients can be sent back.
    func evaluated(at x: Tensor, _ condition: Variable?, _ tape: Tape) -> Evaluation {
        let input = Variable(x, needsGradient: true)
        return Evaluation(input: input, output: self(input, condition, tape), tape: tape)
    }
}

/// Evaluations that a forward pass keeps for the backward pass, which takes the last one first.
final class EvaluationStack {
    private var evaluations: [CoefficientFunction.Evaluation] = []

    func push(_ evaluation: CoefficientFunction.Evaluation) { evaluations.append(evaluation) }

    /// The last one, no longer kept here; nil if there is none.
    func pop() -> CoefficientFunction.Evaluation? { evaluations.popLast() }
}
