import Flow
import Foundation
import Kernels
import Tensor

/// The network for handwritten digits in training; see Flow's `DigitGenerator`.
package struct DigitNetwork {
    /// Its parameters.
    package let parameters: Parameters
    private let flow: TrainableFlow

    /// The network of parameters that have every name and shape of the configuration.
    package init(_ configuration: DigitConfiguration, _ parameters: Parameters) {
        self.parameters = parameters
        flow = TrainableFlow(configuration, parameters)
    }

    /// The mean negative log-likelihood in nats per dimension of normalised pixels [N, 784] and their digits.
    ///
    /// Adds its derivatives to the parameters' gradients.
    ///
    /// - Parameter keeping: Whether the backward pass finds the evaluations of the coefficient functions, 6 MB for each
    ///   block of the supplement's network at 256 images, or evaluates them again, a third more arithmetic.
    package func loss(pixels: Tensor, digits: [Int], keeping: Bool = true, _ execution: Execution) -> Double {
        let context = context(digits, keeping: keeping, execution)
        let (z, logDeterminant) = flow.forward(pixels, context)
        let losses = negativeLogLikelihood(z.x, logDeterminant)
        let weight = 1 / Float(pixels.count)
        flow.backward(z, gradient: z.map { $0 * weight }, logScale: -weight, context)
        return losses.reduce(0, +) / Double(losses.count)
    }

    /// The negative log-likelihood of each image in nats per dimension, without gradients.
    package func negativeLogLikelihoods(pixels: Tensor, digits: [Int], _ execution: Execution) -> [Double] {
        let (z, logDeterminant) = flow.forward(pixels, context(digits, keeping: false, execution))
        return negativeLogLikelihood(z.x, logDeterminant)
    }

    private func context(_ digits: [Int], keeping: Bool, _ execution: Execution) -> FlowContext {
        FlowContext(
            parameters: TrainedParameters(parameters), execution: execution,
            conditions: FlowConditions(vector: Variable(DigitGenerator.oneHot(digits))),
            kept: keeping ? EvaluationStack() : nil)
    }

    /// Names and shapes of all learned tensors.
    static func shapes(_ configuration: DigitConfiguration) -> [(name: String, shape: [Int])] {
        let (values, hidden) = (DigitGenerator.latentCount, configuration.hidden)
        let widths = [values / 2 + 10, hidden, hidden, hidden, values]
        return (0..<configuration.blocks).flatMap { b in
            (1...2).flatMap { f in
                (0..<4).flatMap { i in
                    let name = "block.\(b).coefficients\(f).linear\(i)"
                    return [("\(name).weight", [widths[i + 1], widths[i]]), ("\(name).bias", [widths[i + 1]])]
                }
            }
        }
    }

    /// Fresh parameters: uniform within ±1/√inputs, the last layers zero, permutations drawn from the seed.
    ///
    /// The weights of the digit are uniform within ±1, so that in the first layer's sums it counts as much as the
    /// 392 pixels beside it. Otherwise the network learns to write strokes long before it follows the digit.
    package static func initial(_ configuration: DigitConfiguration) -> Parameters {
        let random = RandomWeights(seed: configuration.seed)
        let pixels = DigitGenerator.latentCount / 2
        var inputs = 1
        let parameters = shapes(configuration).map { name, shape in
            guard !name.contains("linear3") else { return Parameter(name, Tensor(shape)) }
            // A bias follows its weight.
            if shape.count == 2 { inputs = shape[1] }
            let scale = 1 / Float(inputs).squareRoot()
            let isFirst = name.hasSuffix("linear0.weight")
            var stream = random.stream(name)
            let values = (0..<shape.reduce(1, *)).map { index in
                (isFirst && index % inputs >= pixels ? 1 : scale) * stream.nextSymmetric()
            }
            return Parameter(name, Tensor(shape, values))
        }
        return Parameters(parameters, permutations: permutations(configuration))
    }

    static func permutations(_ configuration: DigitConfiguration) -> [String: [Int32]] {
        let random = RandomWeights(seed: configuration.seed)
        let names = (0..<configuration.blocks).map { "block.\($0).permutation" }
        return Dictionary(
            uniqueKeysWithValues: names.map { ($0, random.permutation($0, DigitGenerator.latentCount).map(Int32.init)) }
        )
    }
}
