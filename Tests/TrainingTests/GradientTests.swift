import Flow
import Kernels
import Tensor
import Testing

@testable import Training

@Suite struct GradientTests {
    private let execution = Execution(threads: 2)

    /// Σ w·y with fixed random weights: a loss whose derivative by y is w.
    private func weighted(_ y: Tensor, _ weights: Tensor) -> Double {
        zip(y.values, weights.values).reduce(0) { $0 + Double($1.0) * Double($1.1) }
    }

    @Test(arguments: [Activation.none, .relu, .leakyReLU(0.05)])
    func linear(_ activation: Activation) {
        let parameters = Parameters([
            Parameter("a.weight", input("w", [37, 21], scale: 0.4, seed: 1)),
            Parameter("a.bias", input("b", [37], scale: 0.1, seed: 1)),
        ])
        let x = Parameter("x", input("x", [19, 21], scale: 1.5, seed: 1))
        let w = input("dy", [19, 37], scale: 1, seed: 1)
        expectGradients(parameters.learned + [x]) {
            let tape = Tape(TrainedParameters(parameters), execution)
            let input = Variable(x.value, needsGradient: true)
            tape.linear(input, "a", activation: activation).receive(w, execution)
            tape.backward()
            x.gradient = input.takeGradient() ?? x.gradient
        } loss: {
            let tape = Tape(TrainedParameters(parameters), execution)
            return weighted(tape.linear(Variable(x.value), "a", activation: activation).value, w)
        }
    }

    @Test(arguments: [[5, 13], [2, 3, 4, 7]])
    func couplingElements(_ shape: [Int]) {
        let x = Parameter("x", input("x", shape, scale: 2, seed: 2))
        let st = Parameter("st", input("st", [shape[0], 2 * shape[1]] + shape.dropFirst(2), scale: 2, seed: 2))
        let w = input("dy", shape, scale: 1, seed: 2)
        expectGradients([x, st]) {
            let (y, _) = Elementwise.couplingForward(x.value, st: st.value, alpha: 1.5, execution)
            let reversal = Elementwise.reverseCoupling(
                w, output: y, st: st.value, alpha: 1.5, logScale: -0.7, execution)
            #expect(relativeError(reversal.input.values, x.value.values) < 1e-5)
            (x.gradient, st.gradient) = (reversal.inputGradient, reversal.coefficientGradient)
        } loss: {
            let (y, logScales) = Elementwise.couplingForward(x.value, st: st.value, alpha: 1.5, execution)
            return weighted(y, w) - 0.7 * logScales.reduce(0, +)
        }
    }

    /// Every parameter, the input and the condition of a block, with evaluations kept and repeated.
    @Test(arguments: [true, false])
    func denseBlock(_ keeping: Bool) {
        let parameters = denseBlock(channels: 12, condition: 5, hidden: 16)
        let block = TrainableFlow(
            steps: [
                CouplingStep("a", alpha: 1, CoefficientFunction.vectors) { $0.vector },
                IsometricStep.permutation(parameters.permutation("a.permutation")),
            ], latentShapes: [[12]])
        let x = Parameter("x", input("x", [9, 12], scale: 1.5, seed: 3))
        let condition = Parameter("c", input("c", [9, 5], scale: 1, seed: 3))
        let w = input("dy", [9, 12], scale: 1, seed: 3)
        expectGradients(parameters.learned + [x, condition], step: 1e-3) {
            let context = context(parameters, condition.value, kept: keeping ? EvaluationStack() : nil)
            let (y, _) = block.forward(x.value, context)
            let start = block.backward(y, gradient: Flowing(x: w), logScale: 0.3, context)
            #expect(relativeError(start.value.x.values, x.value.values) < 1e-5)
            x.gradient = start.gradient.x
            condition.gradient = context.conditions.vector.takeGradient() ?? condition.gradient
            #expect(context.kept?.pop() == nil)
        } loss: {
            let (y, logDeterminant) = block.forward(x.value, context(parameters, condition.value))
            return weighted(y.x, w) + 0.3 * logDeterminant.reduce(0, +)
        }
    }

    private func context(_ parameters: Parameters, _ condition: Tensor, kept: EvaluationStack? = nil) -> FlowContext {
        FlowContext(
            parameters: TrainedParameters(parameters), execution: execution,
            conditions: FlowConditions(vector: Variable(condition, needsGradient: true)), kept: kept)
    }

    private func denseBlock(channels: Int, condition: Int, hidden: Int) -> Parameters {
        let random = RandomWeights(seed: 3)
        let widths = [channels / 2 + condition, hidden, hidden, hidden, channels]
        let parameters = (1...2).flatMap { f in
            (0..<4).flatMap { i in
                let name = "a.coefficients\(f).linear\(i)"
                // The last layer's weights are small by the formula; here everything is to matter.
                let weight = random.tensor("\(name).weight", [widths[i + 1], widths[i]])
                let gain: Float = i == 3 ? 8 : 1
                return [
                    Parameter("\(name).weight", Tensor(weight.shape, weight.values.map { $0 * gain })),
                    Parameter("\(name).bias", random.tensor("\(name).bias", [widths[i + 1]])),
                ]
            }
        }
        let permutation = random.permutation("a.permutation", channels).map(Int32.init)
        return Parameters(parameters, permutations: ["a.permutation": permutation])
    }

    /// The gradients of the first step, and 20 steps of training, against PyTorch.
    @Test(arguments: [true, false])
    func digitsFollowTheReference(_ keeping: Bool) throws {
        let file = try golden("training-mnist")
        let seed: UInt64 = 19
        let configuration = DigitConfiguration(seed: seed, blocks: 2, hidden: 8)
        let random = RandomWeights(seed: seed)
        let parameters = Parameters(
            DigitNetwork.shapes(configuration).map { Parameter($0.name, random.tensor($0.name, $0.shape)) },
            permutations: DigitNetwork.permutations(configuration))
        let network = DigitNetwork(configuration, parameters)
        let adam = Adam()
        let expected = try file.tensor("losses").values
        for step in 0..<20 {
            let pixels = input("batch\(step)", [8, 784], scale: 1.7, seed: seed)
            let loss = network.loss(
                pixels: pixels, digits: (0..<8).map { $0 * 3 % 10 }, keeping: keeping, execution)
            #expect(abs(loss - Double(expected[step])) < 1e-4 * abs(loss), "step \(step)")
            if step == 0 {
                for parameter in parameters.all {
                    let gradient = try file.tensor("gradient." + parameter.name).values
                    let error = relativeError(sampled(parameter.gradient, limit: 256), gradient)
                    #expect(error < 1e-4, "\(parameter.name): \(error)")
                }
            }
            _ = adam.step(parameters.learned, loss: loss, rate: 1e-3, execution)
        }
        for parameter in parameters.all {
            let error = relativeError(
                sampled(parameter.value, limit: 256), try file.tensor("after." + parameter.name).values)
            #expect(error < 1e-3, "\(parameter.name): \(error)")
        }
    }
}
