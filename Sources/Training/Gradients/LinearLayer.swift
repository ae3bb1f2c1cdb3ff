import Kernels
import Tensor

/// A fully connected layer in training: y = activation(x·Wᵀ + b).
package struct LinearLayer {
    private let weight: Parameter
    private let bias: Parameter
    private let activation: Activation

    /// The layer of the parameters `NAME.weight`, `[O, I]`, and `NAME.bias`, `[O]`.
    package init(_ name: String, _ parameters: Parameters, activation: Activation = .none) {
        weight = parameters["\(name).weight"]
        bias = parameters["\(name).bias"]
        self.activation = activation
    }

    /// `[N, I]` → `[N, O]`.
    package func forward(_ x: Tensor, _ execution: Execution) -> Tensor {
        var y = Matrix.multiply(x, weight.value, transposingSecond: true, execution)
        Elementwise.addBias(&y, bias.value, activation: activation, execution)
        return y
    }

    /// Adds to the parameters' gradients, and gives the loss's derivative by x, `[N, I]`.
    ///
    /// - Parameters:
    ///   - x: What went in.
    ///   - y: What came out.
    ///   - dy: The loss's derivative by y.
    package func backward(x: Tensor, y: Tensor, dy: Tensor, _ execution: Execution) -> Tensor {
        var dy = dy
        Elementwise.activationGradient(&dy, output: y, activation, execution)
        Matrix.addProduct(dy, x, transposingFirst: true, to: &weight.gradient, execution)
        Elementwise.addColumnSums(of: dy, to: &bias.gradient, execution)
        return Matrix.multiply(dy, weight.value, execution)
    }
}
