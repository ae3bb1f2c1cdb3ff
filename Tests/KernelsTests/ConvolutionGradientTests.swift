import Foundation
import Tensor
import TestSupport
import Testing

@testable import Kernels

/// Convolutions are linear in their input and in their weight, so that for any change δ the product of the output's
/// gradient with the changed output is exactly that of the gradient found with δ: finite differences without an error.
@Suite struct ConvolutionGradientTests {
    struct Case: Sendable, CustomStringConvertible {
        var input: [Int]
        var outputs: Int
        var kernel: Int
        var stride = 1
        var dilation = 1
        var padding = ConvolutionPadding.symmetric(1)
        var groups = 1

        var description: String {
            "\(input) to \(outputs), \(kernel), /\(stride), dilated \(dilation), groups \(groups)"
        }
    }

    static let cases = [
        Case(input: [2, 3, 9, 11], outputs: 5, kernel: 3),
        Case(input: [2, 16, 16, 16], outputs: 12, kernel: 3),
        Case(input: [1, 1, 40, 40], outputs: 9, kernel: 3),
        Case(input: [3, 8, 4, 4], outputs: 8, kernel: 3),
        Case(input: [2, 8, 13, 10], outputs: 9, kernel: 3, dilation: 2, padding: .symmetric(2)),
        Case(input: [2, 5, 12, 12], outputs: 7, kernel: 3, stride: 2),
        Case(input: [2, 6, 11, 9], outputs: 4, kernel: 3, stride: 2),
        Case(input: [2, 4, 12, 12], outputs: 3, kernel: 3, stride: 2, padding: .same),
        Case(input: [5, 6, 4, 4], outputs: 10, kernel: 1, padding: .symmetric(0)),
        Case(input: [2, 6, 24, 24], outputs: 10, kernel: 1, padding: .same),
        Case(input: [2, 6, 12, 14], outputs: 6, kernel: 3, padding: .same, groups: 6),
        Case(input: [2, 5, 12, 14], outputs: 5, kernel: 5, padding: .same, groups: 5),
        Case(input: [2, 6, 12, 20], outputs: 6, kernel: 3, stride: 2, padding: .same, groups: 6),
        Case(input: [2, 5, 12, 16], outputs: 5, kernel: 5, stride: 2, padding: .same, groups: 5),
        Case(input: [1, 3, 8, 8], outputs: 3, kernel: 4, stride: 2),
    ]

    @Test(arguments: cases) func adjoint(_ c: Case) {
        var random = SeededGenerator(7)
        let weight = random.tensor([c.outputs, c.input[1] / c.groups, c.kernel, c.kernel])
        let x = random.tensor(c.input)
        let rule = ConvolutionGradient(stride: c.stride, dilation: c.dilation, padding: c.padding, groups: c.groups)
        let shape = rule.shape(c.input, weight)
        func convolve(_ x: Tensor, _ weight: Tensor) -> Tensor {
            Naive.convolution(
                x, weight: weight, stride: c.stride, dilation: c.dilation, padding: shape.padding, groups: c.groups)
        }
        let gradient = random.tensor(shape.outputShape)
        for threads in [1, 2] {
            let execution = Execution(threads: threads)
            let dx = rule.input(gradient, weight: weight, inputShape: c.input, execution)
            let dw = rule.weight(gradient, input: x, weightShape: weight.shape, execution)
            for _ in 0..<3 {
                let (δx, δw) = (random.tensor(c.input), random.tensor(weight.shape))
                expectEqual(dot(dx, δx), dot(gradient, convolve(δx, weight)), c)
                expectEqual(dot(dw, δw), dot(gradient, convolve(x, δw)), c)
            }
        }
    }

    @Test func threadsDoNotMatter() {
        var random = SeededGenerator(8)
        let (x, weight) = (random.tensor([3, 20, 12, 12]), random.tensor([10, 20, 3, 3]))
        let gradient = random.tensor([3, 10, 6, 6])
        let rule = ConvolutionGradient(stride: 2, padding: .symmetric(1))
        let results = [1, 2, 3].map { threads in
            let execution = Execution(threads: threads)
            return bits(rule.weight(gradient, input: x, weightShape: weight.shape, execution))
                + bits(rule.input(gradient, weight: weight, inputShape: x.shape, execution))
        }
        #expect(results[0] == results[1] && results[0] == results[2])
    }

    @Test func transposed() {
        var random = SeededGenerator(9)
        let (x, weight) = (random.tensor([2, 4, 5, 6]), random.tensor([4, 3, 4, 4]))
        let gradient = random.tensor([2, 3, 10, 12])
        let dx = TransposedConvolution.inputGradient(gradient, weight: weight, .single)
        let dw = TransposedConvolution.weightGradient(gradient, input: x, weightShape: weight.shape, .single)
        let (δx, δw) = (random.tensor(x.shape), random.tensor(weight.shape))
        let byInput = Naive.transposedConvolution(δx, weight: weight, stride: 2, padding: 1)
        let byWeight = Naive.transposedConvolution(x, weight: δw, stride: 2, padding: 1)
        expectEqual(dot(dx, δx), dot(gradient, byInput))
        expectEqual(dot(dw, δw), dot(gradient, byWeight))
    }

    /// Batch norm is not linear: central differences in double precision.
    @Test(arguments: [false, true]) func batchNormalization(isKept: Bool) {
        var random = SeededGenerator(10)
        let (x, gradient) = (random.tensor([3, 2, 3, 5]), random.tensor([3, 2, 3, 5]))
        let (weight, bias) = (random.tensor([2]), random.tensor([2]))
        let kept = BatchNormalization.Statistics(kept: [0.2, -0.3], variance: [0.5, 2])
        func output(_ x: [Double], _ weight: [Double], _ bias: [Double]) -> Double {
            (0..<2).reduce(0.0) { total, c in
                let indices = x.indices.filter { $0 / 15 % 2 == c }
                let mean = isKept ? kept.mean[c] : indices.reduce(0) { $0 + x[$1] } / 45
                let variance =
                    isKept
                    ? kept.variance[c] : indices.reduce(0) { $0 + (x[$1] - mean) * (x[$1] - mean) } / 45
                return indices.reduce(total) {
                    let y = (x[$1] - mean) / (variance + 1e-5).squareRoot() * weight[c] + bias[c]
                    return $0 + y * Double(gradient.values[$1])
                }
            }
        }
        func doubles(_ tensor: Tensor) -> [Double] { tensor.values.map(Double.init) }
        let statistics = isKept ? kept : BatchNormalization.statistics(x, .single)
        let found = BatchNormalization.backward(
            gradient, input: x, statistics, weight: weight, epsilon: 1e-5, .single)
        let forward = BatchNormalization.forward(x, statistics, weight: weight, bias: bias, epsilon: 1e-5, .single)
        expectEqual(dot(forward, gradient), output(doubles(x), doubles(weight), doubles(bias)))
        func derivative(_ index: Int, _ values: [Double], _ body: ([Double]) -> Double) -> Double {
            var (up, down) = (values, values)
            up[index] += 1e-4
            down[index] -= 1e-4
            return (body(up) - body(down)) / 2e-4
        }
        for i in 0..<x.count {
            let expected = derivative(i, doubles(x)) { output($0, doubles(weight), doubles(bias)) }
            #expect(abs(Double(found.input.values[i]) - expected) < 1e-4)
        }
        for c in 0..<2 {
            let slope = derivative(c, doubles(weight)) { output(doubles(x), $0, doubles(bias)) }
            expectEqual(Double(found.weight.values[c]), slope)
            let shift = derivative(c, doubles(bias)) { output(doubles(x), doubles(weight), $0) }
            expectEqual(Double(found.bias.values[c]), shift)
        }
    }

    /// Both directions of a coupling: input and gradients from the output alone, against central differences.
    @Test func couplingReversal() {
        var random = SeededGenerator(11)
        let (x, gradient, st) = (random.tensor([2, 5]), random.tensor([2, 5]), random.tensor([2, 10]))
        let (alpha, logScale) = (1.5, 0.3)
        func clamp(_ s: Double) -> Double { alpha * 0.636 * atan(s / alpha) }
        func loss(_ x: [Double], _ st: [Double], inverse: Bool) -> Double {
            (0..<10).reduce(0.0) { total, i in
                let (s, t) = (clamp(st[i / 5 * 10 + i % 5]), st[i / 5 * 10 + 5 + i % 5])
                let y = inverse ? (x[i] - t) * exp(-s) : x[i] * exp(s) + t
                return total + y * Double(gradient.values[i]) + (inverse ? 0 : logScale * s)
            }
        }
        func derivative(_ i: Int, _ values: [Double], _ body: ([Double]) -> Double) -> Double {
            var (up, down) = (values, values)
            up[i] += 1e-4
            down[i] -= 1e-4
            return (body(up) - body(down)) / 2e-4
        }
        for isInverse in [false, true] {
            let output =
                isInverse
                ? Elementwise.couplingInverse(x, st: st, alpha: 1.5, .single).x
                : Elementwise.couplingForward(x, st: st, alpha: 1.5, .single).y
            let found =
                isInverse
                ? Elementwise.reverseInverseCoupling(gradient, output: output, st: st, alpha: 1.5, .single)
                : Elementwise.reverseCoupling(
                    gradient, output: output, st: st, alpha: 1.5, logScale: 0.3, .single)
            #expect(relativeError(found.input, x) < 1e-5)
            let (xs, sts) = (x.values.map(Double.init), st.values.map(Double.init))
            for i in 0..<10 {
                expectEqual(
                    Double(found.inputGradient.values[i]), derivative(i, xs) { loss($0, sts, inverse: isInverse) })
            }
            for i in 0..<20 {
                expectEqual(
                    Double(found.coefficientGradient.values[i]),
                    derivative(i, sts) { loss(xs, $0, inverse: isInverse) })
            }
        }
    }

    private func dot(_ a: Tensor, _ b: Tensor) -> Double {
        zip(a.values, b.values).reduce(0.0) { $0 + Double($1.0) * Double($1.1) }
    }

    private func expectEqual(
        _ found: Double, _ expected: Double, _ note: Case? = nil, sourceLocation: SourceLocation = #_sourceLocation
    ) {
        #expect(
            abs(found - expected) < 1e-4 * max(1, abs(expected)),
            "\(found), not \(expected) \(note?.description ?? "")",
            sourceLocation: sourceLocation)
    }
}
