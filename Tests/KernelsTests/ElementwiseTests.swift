import Foundation
import Tensor
import TestSupport
import Testing

@testable import Kernels

@Suite struct ElementwiseTests {
    private static let shapes = [[1, 2, 64, 64], [3, 8, 5, 7], [2, 512], [4, 12, 4, 4], [1, 4, 1, 3]]

    @Test(arguments: shapes)
    func affineAndAdd(shape: [Int]) {
        var random = SeededGenerator(1)
        let x = random.tensor(shape)
        let (scale, shift) = (random.values(shape[1]), random.values(shape[1]))
        let fast = Elementwise.affine(x, scale: scale, shift: shift, activation: .relu6, Execution(threads: 2))
        #expect(
            relativeError(fast, Naive.affine(x, scale: scale, shift: shift, activation: .relu6)) <= 2e-7)
        let activation = Activation.leakyReLU(0.01)
        let (ones, zeros) = ([Float](repeating: 1, count: shape[1]), [Float](repeating: 0, count: shape[1]))
        let activated = Elementwise.affine(x, scale: ones, shift: zeros, activation: activation, Execution())
        #expect(activated.values == x.values.map { activation($0) })
        let y = random.tensor(shape)
        let sum = zip(x.values, y.values).map { Activation.relu($0 + $1) }
        #expect(Elementwise.add(x, y, activation: .relu, Execution(threads: 2)).values == sum)
        let shared = images(y, 0..<1)
        let size = shared.count
        let broadcast = x.values.enumerated().map { $1 + shared.values[$0 % size] }
        #expect(Elementwise.add(x, shared, .single).values == broadcast)
    }

    @Test(arguments: shapes)
    func couplingAgreesWithReferenceAndInverts(shape: [Int]) {
        var random = SeededGenerator(2)
        let x = random.tensor(shape)
        let st = Elementwise.affine(
            random.tensor([shape[0], 2 * shape[1]] + shape[2...]),
            scale: [Float](repeating: 4, count: 2 * shape[1]), shift: [Float](repeating: 0, count: 2 * shape[1]),
            .single)
        let (y, sums) = Elementwise.couplingForward(x, st: st, alpha: 1.5, Execution(threads: 2))
        let (expected, expectedSums) = Naive.coupling(x, st: st, alpha: 1.5, inverse: false)
        #expect(relativeError(y, expected) <= 3e-7)
        let (back, inverseSums) = Elementwise.couplingInverse(y, st: st, alpha: 1.5, .single)
        #expect(relativeError(back, Naive.coupling(y, st: st, alpha: 1.5, inverse: true).0) <= 3e-7)
        #expect(relativeError(back, x) <= 2e-6)
        #expect(inverseSums == sums)
        for (found, expected) in zip(sums, expectedSums) {
            #expect(abs(found - expected) <= 2e-7 * Double(x.count / shape[0]))
        }
        let alone = Elementwise.couplingForward(images(x, 0..<1), st: images(st, 0..<1), alpha: 1.5, .single)
        #expect(alone.logScales[0] == sums[0])
        #expect(bits(alone.y) == bits(images(y, 0..<1)))
    }

    @Test(arguments: shapes)
    func rotation(shape: [Int]) {
        var random = SeededGenerator(3)
        let (x, matrix) = (random.tensor(shape), random.tensor([shape[1], shape[1]]))
        let whole = Elementwise.rotate(x, matrix, Execution(threads: 2))
        #expect(relativeError(whole, Naive.rotate(x, matrix)) <= 2e-6)
        #expect(bits(Elementwise.rotate(images(x, 0..<1), matrix, .single)) == bits(images(whole, 0..<1)))
    }

    @Test(arguments: [[1, 1, 2, 2], [2, 4, 6, 8], [3, 8, 4, 2], [1, 4, 64, 64]])
    func resampling(shape: [Int]) {
        var random = SeededGenerator(4)
        let two = Execution(threads: 2)
        let x = random.tensor(shape)
        let deep = Elementwise.spaceToDepth2(x, two)
        #expect(deep.values == Naive.spaceToDepth2(x).values)
        #expect(Elementwise.depthToSpace2(deep, two).values == x.values)
        #expect(Elementwise.depthToSpace2(deep, .single).values == Naive.depthToSpace2(deep).values)
        #expect(relativeError(Elementwise.averagePool(x, 2, two), Naive.averagePool(x, 2)) <= 2e-7)
        let fine = random.tensor([shape[0], shape[1], 2 * shape[2], 2 * shape[3]])
        #expect(
            Elementwise.addNearestUpsampled2(fine, x, two).values == Naive.addNearestUpsampled2(fine, x).values)
        #expect(relativeError(Elementwise.bilinearUpsampled2(x, two), Naive.bilinearUpsampled2(x)) <= 2e-7)
        let size = shape[2] * shape[3]
        let means = (0..<shape[0] * shape[1]).map { plane in
            Float(x.values[plane * size..<(plane + 1) * size].reduce(0.0) { $0 + Double($1) } / Double(size))
        }
        let pooled = Elementwise.globalAveragePool(x, two)
        #expect(pooled.shape == [shape[0], shape[1]])
        #expect(zip(pooled.values, means).allSatisfy { abs($0 - $1) <= 1e-7 })
    }

    @Test func channelsMoveAsNamed() {
        let x = Tensor([2, 3, 1, 2], (0..<12).map(Float.init))
        #expect(
            Elementwise.permuteChannels(x, [2, 0, 1], .single).values == [4, 5, 0, 1, 2, 3, 10, 11, 6, 7, 8, 9])
    }
}

@Suite struct WorkTallyTests {
    /// The same count by Winograd, directly and transposed: that of the direct method.
    @Test func countsTheDirectMethod() {
        func count(_ run: (Execution) -> Void) -> Int {
            var execution = Execution(threads: 2)
            let counter = OperationCounter()
            execution.counter = counter
            run(execution)
            return counter.operations
        }
        let x = Tensor([2, 8, 6, 6])
        for winograd in [false, true] {
            let layer = Convolution(
                weight: Tensor([16, 8, 3, 3]), bias: nil, stride: 2, dilation: 1, padding: .symmetric(1), groups: 1,
                activation: .none, winograd: winograd)
            #expect(count { _ = layer(x, $0) } == 2 * (2 * 16 * 3 * 3) * (8 * 9))
        }
        let depthwise = Convolution(weight: Tensor([8, 1, 5, 5]), bias: nil, padding: .symmetric(2), groups: 8)
        #expect(count { _ = depthwise(x, $0) } == 2 * x.count * 25)
        let transposed = TransposedConvolution(weight: Tensor([8, 4, 4, 4]), bias: nil)
        #expect(count { _ = transposed(x, $0) } == 2 * (x.count * 4 * 16))
        let linear = Linear(weight: Tensor([5, 8]), bias: nil)
        #expect(count { _ = linear(Tensor([3, 8]), $0) } == 2 * 3 * 5 * 8)
        #expect(count { _ = Elementwise.rotate(x, Tensor([8, 8]), $0) } == 2 * x.count * 8)
    }
}

@Suite struct VectorMathTests {
    /// The largest relative error over many arguments, against Foundation in double precision.
    private func worst(
        _ arguments: [Float], _ fast: (SIMD8<Float>) -> SIMD8<Float>, _ exact: (Double) -> Double
    ) -> Double {
        arguments.map { x in
            let expected = exact(Double(x))
            return abs(Double(fast(SIMD8(repeating: x))[3]) - expected) / abs(expected)
        }.max() ?? .infinity
    }

    @Test func arctangent() {
        var random = SeededGenerator(6)
        var arguments = (0..<20000).map { _ in Float.random(in: -3...3, using: &random) }
        arguments += (-37...37).flatMap { [Float(pow(10, Double($0))), -Float(pow(10, Double($0)))] }
        arguments += [1, -1, Float(1).nextUp, Float(1).nextDown, .leastNormalMagnitude, .infinity]
        #expect(worst(arguments, VectorMath.atan, atan) <= 2e-7)
        #expect(VectorMath.atan(.zero) == .zero)
        #expect(VectorMath.atan(SIMD8(repeating: .nan))[0].isNaN)
    }

    @Test func exponential() {
        var random = SeededGenerator(8)
        var arguments = (0..<20000).map { _ in Float.random(in: -3...3, using: &random) }
        arguments += (0..<20000).map { _ in Float.random(in: -87...87, using: &random) } + [0, 87, -87, 1e-30]
        #expect(worst(arguments, VectorMath.exp, exp) <= 2e-7)
        #expect(VectorMath.exp(SIMD8(repeating: 1000)) == VectorMath.exp(SIMD8(repeating: 87)))
        #expect(VectorMath.exp(SIMD8(repeating: .nan))[0].isNaN)
    }
}
