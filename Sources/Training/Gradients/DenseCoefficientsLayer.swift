import Kernels
import Tensor

/// A coefficient function of four fully connected layers in training, [N, h + C] → [s, t], [N, 2h].
package struct DenseCoefficientsLayer: CoefficientLayer {
    private let layers: [LinearLayer]

    package init(_ name: String, _ parameters: Parameters) {
        layers = (0..<4).map {
            LinearLayer("\(name).linear\($0)", parameters, activation: $0 == 3 ? .none : .relu)
        }
    }

    /// What goes in, what each layer gives, and last [s, t].
    package func forward(_ x: Tensor, _ execution: Execution) -> [Tensor] {
        layers.reduce(into: [x]) { $0.append($1.forward($0[$0.count - 1], execution)) }
    }

    package func backward(_ activations: [Tensor], _ gradient: Tensor, _ execution: Execution) -> Tensor {
        layers.indices.reversed().reduce(gradient) { dy, i in
            layers[i].backward(x: activations[i], y: activations[i + 1], dy: dy, execution)
        }
    }
}
