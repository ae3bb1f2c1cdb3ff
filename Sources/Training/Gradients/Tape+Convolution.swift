import Kernels
import Tensor

extension Tape {
    /// activation(x ∗ `name.weight` + `name.bias`), the bias if there is one.
    func convolution(
        _ x: Variable, _ name: String, stride: Int = 1, dilation: Int = 1, padding: ConvolutionPadding,
        groups: Int = 1, activation: Activation = .none
    ) -> Variable {
        let weight = parameters[name + ".weight"]
        let bias = parameters.find(name + ".bias")
        let layer = Convolution(
            weight: weight, bias: bias?.values, stride: stride, dilation: dilation, padding: padding, groups: groups,
            activation: activation, winograd: execution.isExact ? false : nil)
        let y = layer(x.value, execution)
        let isTrained = parameters.isTrained(name + ".weight")
        let rule = ConvolutionGradient(stride: stride, dilation: dilation, padding: padding, groups: groups)
        return record(y, trained: x.needsGradient || isTrained) { [parameters, execution] gradient in
            let gradient = activation.before(gradient, output: y, execution)
            if isTrained {
                parameters.receive(
                    name + ".weight", rule.weight(gradient, input: x.value, weightShape: weight.shape, execution),
                    execution)
                if bias != nil {
                    parameters.receive(name + ".bias", Elementwise.channelSums(gradient, execution), execution)
                }
            }
            x.receive(rule.input(gradient, weight: weight, inputShape: x.value.shape, execution), execution)
        }
    }

    /// A transposed 4×4 convolution of stride 2, then the activation.
    func transposedConvolution(_ x: Variable, _ name: String, activation: Activation) -> Variable {
        let weight = parameters[name + ".weight"]
        let layer = TransposedConvolution(
            weight: weight, bias: parameters[name + ".bias"].values, activation: activation,
            winograd: execution.isExact ? false : nil)
        let y = layer(x.value, execution)
        let isTrained = parameters.isTrained(name + ".weight")
        return record(y, trained: x.needsGradient || isTrained) { [parameters, execution] gradient in
            let gradient = activation.before(gradient, output: y, execution)
            if isTrained {
                parameters.receive(
                    name + ".weight",
                    TransposedConvolution.weightGradient(
                        gradient, input: x.value, weightShape: weight.shape, execution),
                    execution)
                parameters.receive(name + ".bias", Elementwise.channelSums(gradient, execution), execution)
            }
            x.receive(TransposedConvolution.inputGradient(gradient, weight: weight, execution), execution)
        }
    }

    /// activation(x·Wᵀ + b) on vectors, [N, I] → [N, O], of the parameters `NAME.weight`, [O, I], and `NAME.bias`, [O].
    func linear(_ x: Variable, _ name: String, activation: Activation = .none) -> Variable {
        let weight = parameters[name + ".weight"]
        var product = Matrix.multiply(x.value, weight, transposingSecond: true, execution)
        Elementwise.addBias(&product, parameters[name + ".bias"], activation: activation, execution)
        let (y, isTrained) = (product, parameters.isTrained(name + ".weight"))
        return record(y, trained: x.needsGradient || isTrained) { [parameters, execution] gradient in
            let gradient = activation.before(gradient, output: y, execution)
            if isTrained {
                parameters.receive(name + ".weight") {
                    Matrix.addProduct(gradient, x.value, transposingFirst: true, to: &$0, execution)
                }
                parameters.receive(name + ".bias") { Elementwise.addColumnSums(of: gradient, to: &$0, execution) }
            }
            x.receive(Matrix.multiply(gradient, weight, execution), execution)
        }
    }

    /// Batch norm, then the activation.
    ///
    /// It uses the batch's statistics and moves the running ones; where those are kept, or the layer is frozen, it uses
    /// the running ones.
    func norm(
        _ x: Variable, _ name: String, epsilon: Double = 1e-5, momentum: Double = 0.1, activation: Activation = .none
    ) -> Variable {
        let (weight, bias) = (parameters[name + ".weight"], parameters[name + ".bias"])
        let isTrained = parameters.isTrained(name + ".weight")
        let statistics: BatchNormalization.Statistics
        if isTrained, !parameters.keepsStatistics {
            statistics = BatchNormalization.statistics(x.value, execution)
            parameters.update(name, statistics, momentum: momentum)
        } else {
            statistics = parameters.statistics(name)
        }
        let y = BatchNormalization.forward(
            x.value, statistics, weight: weight, bias: bias, epsilon: epsilon, activation: activation, execution)
        return record(y, trained: x.needsGradient || isTrained) { [parameters, execution] gradient in
            let parts = BatchNormalization.backward(
                activation.before(gradient, output: y, execution), input: x.value, statistics, weight: weight,
                epsilon: epsilon, execution)
            if isTrained {
                parameters.receive(name + ".weight", parts.weight, execution)
                parameters.receive(name + ".bias", parts.bias, execution)
            }
            x.receive(parts.input, execution)
        }
    }
}

extension Activation {
    /// The gradient before the activation, from the one behind it.
    fileprivate func before(_ gradient: Tensor, output: Tensor, _ execution: Execution) -> Tensor {
        var gradient = gradient
        Elementwise.activationGradient(&gradient, output: output, self, execution)
        return gradient
    }
}
