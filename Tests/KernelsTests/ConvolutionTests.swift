import Tensor
import TestSupport
import Testing

@testable import Kernels

/// A convolution and its input, drawn from a seed.
struct ConvolutionCase: CustomTestStringConvertible, Sendable {
    let seed: UInt64
    let winograd: Bool?
    let batch: Int
    let inputs: Int
    let outputs: Int
    let size: (Int, Int)
    let kernel: (Int, Int)
    let stride: Int
    let dilation: Int
    let padding: ConvolutionPadding
    let depthwise: Bool
    let activation: Activation
    let hasBias: Bool
    /// Images in the addend; 0 for none.
    let addends: Int

    var testDescription: String {
        "seed \(seed): [\(batch), \(inputs), \(size.0), \(size.1)] to \(outputs), \(kernel.0)x\(kernel.1), "
            + "stride \(stride), dilation \(dilation), \(padding), depthwise \(depthwise), \(activation)"
    }

    /// Draws a case of any kind, or one that goes by Winograd.
    init(seed: UInt64, winograd: Bool = false) {
        self.winograd = winograd ? true : nil
        var random = SeededGenerator(seed)
        func pick(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &random) }
        depthwise = !winograd && pick(0...3) == 0
        let square = depthwise ? [3, 5][pick(0...1)] : [1, 2, 3, 3, 3, 5][pick(0...5)]
        kernel = winograd ? (3, 3) : pick(0...5) == 0 ? (square, pick(1...3)) : (square, square)
        stride = pick(0...2) == 0 ? (winograd ? 2 : pick(2...3)) : 1
        dilation = !(winograd && stride == 2) && pick(0...2) == 0 ? pick(2...3) : 1
        padding = pick(0...2) == 0 ? .same : .symmetric(pick(0...3))
        batch = pick(1...3)
        inputs = !winograd && pick(0...1) == 0 ? pick(1...7) : pick(8...20)
        outputs = depthwise ? inputs : (!winograd && pick(0...1) == 0 ? pick(1...7) : pick(8...20))
        size = (pick(13...34), pick(13...34))
        activation = [.none, .relu, .relu6, .leakyReLU(0.05)][pick(0...3)]
        hasBias = pick(0...1) == 0
        addends = [0, 1, batch][pick(0...2)]
        self.seed = seed
    }

    /// The layer, its input, its addend and the result of the reference.
    func make() -> (layer: Convolution, input: Tensor, addend: Tensor?, expected: Tensor) {
        var random = SeededGenerator(seed &+ 1 << 32)
        let weight = random.tensor([outputs, depthwise ? 1 : inputs, kernel.0, kernel.1])
        let bias = hasBias ? random.values(outputs) : nil
        let input = random.tensor([batch, inputs, size.0, size.1])
        let shape = ConvolutionShape(
            input: input.shape, outputs: outputs, kernel: kernel, stride: stride, dilation: dilation, padding: padding)
        let addend = addends > 0 ? random.tensor([addends] + shape.outputShape.dropFirst()) : nil
        let groups = depthwise ? inputs : 1
        let layer = Convolution(
            weight: weight, bias: bias, stride: stride, dilation: dilation, padding: padding, groups: groups,
            activation: activation, winograd: winograd)
        let expected = Naive.convolution(
            input, weight: weight, bias: bias, addend: addend, stride: stride, dilation: dilation,
            padding: shape.padding, groups: groups, activation: activation)
        return (layer, input, addend, expected)
    }
}

extension Convolution {
    fileprivate func apply(_ input: Tensor, _ addend: Tensor?, _ execution: Execution) -> Tensor {
        addend.map { self(input, adding: $0, execution) } ?? self(input, execution)
    }

    fileprivate var limit: Double {
        if case .winograd = plan { 1e-5 } else { 2e-6 }
    }
}

@Suite struct ConvolutionTests {
    @Test(
        arguments: (0..<80).map { ConvolutionCase(seed: $0) }
            + (80..<130).map { ConvolutionCase(seed: $0, winograd: true) })
    func agreesWithReference(_ example: ConvolutionCase) {
        let (layer, input, addend, expected) = example.make()
        let result = layer.apply(input, addend, Execution(threads: 2))
        #expect(relativeError(result, expected) <= layer.limit)
    }

    @Test(
        arguments: (200..<230).map { ConvolutionCase(seed: $0) }
            + (230..<250).map { ConvolutionCase(seed: $0, winograd: true) })
    func bitsDependNeitherOnThreadsNorOnBatch(_ example: ConvolutionCase) {
        let (layer, input, addend, _) = example.make()
        let whole = layer.apply(input, addend, .single)
        #expect(bits(layer.apply(input, addend, Execution(threads: 2))) == bits(whole))
        #expect(bits(layer.apply(input, addend, Execution(threads: 5))) == bits(whole))
        for image in 0..<example.batch {
            let own = addend.map { $0.shape[0] == 1 ? $0 : images($0, image..<image + 1) }
            let alone = layer.apply(images(input, image..<image + 1), own, Execution(threads: 2))
            #expect(bits(alone) == bits(images(whole, image..<image + 1)))
        }
    }

    /// The sizes of the network's own layers, among them those whose filters exceed the cache.
    @Test(arguments: [
        (256, 256, 8, 1, 1), (512, 512, 8, 1, 2), (64, 64, 32, 1, 1), (33, 32, 16, 1, 1), (128, 128, 16, 1, 1),
        (128, 128, 32, 2, 1), (256, 304, 16, 2, 1),
    ])
    func layersOfTheNetwork(inputs: Int, outputs: Int, size: Int, stride: Int, dilation: Int) {
        var random = SeededGenerator(UInt64(inputs * outputs))
        let weight = random.tensor([outputs, inputs, 3, 3])
        let input = random.tensor([8, inputs, size, size])
        let winograd = Convolution(
            weight: weight, bias: nil, stride: stride, dilation: dilation, padding: .symmetric(dilation))
        guard case .winograd = winograd.plan else {
            Issue.record("\(inputs) to \(outputs) channels should go by Winograd")
            return
        }
        let whole = winograd(input, Execution(threads: 2))
        #expect(bits(winograd(images(input, 3..<4), .single)) == bits(images(whole, 3..<4)))
        let one = images(input, 3..<4)
        let direct = Convolution(
            weight: weight, bias: nil, stride: stride, dilation: dilation, padding: .symmetric(dilation), groups: 1,
            activation: .none, winograd: false)
        #expect(relativeError(images(whole, 3..<4), direct(one, .single)) <= 1e-5)
        // The reference is slow: four output channels of it.
        let few = Array(weight.values.prefix(4 * inputs * 9))
        let expected = Naive.convolution(
            one, weight: Tensor([4, inputs, 3, 3], few), stride: stride, dilation: dilation,
            padding: .symmetric(dilation))
        let found = Tensor(expected.shape, Array(direct(one, .single).values.prefix(expected.count)))
        #expect(relativeError(found, expected) <= 2e-6)
        let transformed = Tensor(expected.shape, Array(images(whole, 3..<4).values.prefix(expected.count)))
        #expect(relativeError(transformed, expected) <= 1e-5)
    }

    /// Filters of few rows read rows of whole vectors in place.
    @Test(arguments: [(32, 2, 3, 1, 64), (5, 8, 5, 2, 24), (7, 3, 3, 1, 40), (6, 4, 1, 1, 32)])
    func fewOutputs(inputs: Int, outputs: Int, kernel: Int, dilation: Int, width: Int) {
        var random = SeededGenerator(UInt64(width))
        let weight = random.tensor([outputs, inputs, kernel, kernel])
        let input = random.tensor([2, inputs, 9, width])
        let padding = kernel / 2 * dilation
        let layer = Convolution(
            weight: weight, bias: nil, dilation: dilation, padding: .symmetric(padding), activation: .relu)
        let expected = Naive.convolution(
            input, weight: weight, dilation: dilation, padding: .symmetric(padding), activation: .relu)
        let found = layer(input, Execution(threads: 2))
        #expect(relativeError(found, expected) <= 2e-6)
        // A second image that makes other panels begin within a row.
        #expect(bits(layer(images(input, 1..<2), .single)) == bits(images(found, 1..<2)))
    }

    @Test func nanIsNotHidden() {
        var random = SeededGenerator(5)
        for activation: Activation in [.none, .relu, .relu6, .leakyReLU(0.1)] {
            for inputs in [4, 16] {
                var values = random.values(inputs * 64)
                values[9] = .nan
                let layer = Convolution(
                    weight: random.tensor([16, inputs, 3, 3]), bias: nil, padding: .symmetric(1), activation: activation
                )
                #expect(layer(Tensor([1, inputs, 8, 8], values), .single).values[0].isNaN)
            }
        }
    }

    @Test(arguments: [(1, 3, 5, 7, 6), (2, 8, 4, 4, 4), (3, 16, 12, 9, 10)])
    func transposedAgreesWithReference(batch: Int, inputs: Int, outputs: Int, height: Int, width: Int) {
        var random = SeededGenerator(UInt64(inputs))
        let weight = random.tensor([inputs, outputs, 4, 4])
        let bias = random.values(outputs)
        let input = random.tensor([batch, inputs, height, width])
        let layer = TransposedConvolution(weight: weight, bias: bias, activation: .relu)
        let expected = Naive.transposedConvolution(
            input, weight: weight, bias: bias, stride: 2, padding: 1, activation: .relu)
        #expect(relativeError(layer(input, Execution(threads: 2)), expected) <= 1e-5)
        #expect(bits(layer(images(input, 0..<1), .single)) == bits(images(layer(input, .single), 0..<1)))
    }

    /// Values computed by TensorFlow's rule: the odd pixel of padding lies below and right.
    @Test func samePadding() {
        #expect(
            Padding.same(size: (6, 7), kernel: (3, 3), stride: 2) == Padding(top: 0, left: 1, bottom: 1, right: 1))
        #expect(Padding.same(size: (5, 5), kernel: (5, 5), stride: 1) == .symmetric(2))
        #expect(Padding.same(size: (4, 4), kernel: (1, 1), stride: 2) == .symmetric(0))
        #expect(
            Padding.same(size: (8, 8), kernel: (5, 5), stride: 2) == Padding(top: 1, left: 1, bottom: 2, right: 2))
    }
}
