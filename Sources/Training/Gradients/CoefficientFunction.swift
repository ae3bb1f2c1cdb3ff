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
}
