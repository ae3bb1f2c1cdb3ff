import Tensor
import TestSupport
import Testing

@testable import Kernels

@Suite struct LinearTests {
    @Test(arguments: [(1, 5, 3), (8, 512, 512), (3, 768, 50), (30, 33, 7), (24, 17, 4), (0, 4, 4)])
    func agreesWithReference(batch: Int, inputs: Int, outputs: Int) {
        var random = SeededGenerator(UInt64(batch * inputs))
        let weight = random.tensor([outputs, inputs])
        let bias = random.values(outputs)
        let x = random.tensor([batch, inputs])
        let layer = Linear(weight: weight, bias: bias, activation: .leakyReLU(0.1))
        let plain = Naive.linear(x, weight: weight, bias: bias, activation: .leakyReLU(0.1))
        #expect(relativeError(layer(x, Execution(threads: 2)), plain) <= 2e-6)
        for count in Set([1, batch]) {
            let addend = random.tensor([count, outputs])
            let expected = Naive.linear(x, weight: weight, bias: bias, addend: addend, activation: .leakyReLU(0.1))
            #expect(relativeError(layer(x, adding: addend, Execution(threads: 2)), expected) <= 2e-6)
        }
    }

    @Test func bitsDependNeitherOnThreadsNorOnBatch() {
        var random = SeededGenerator(7)
        let layer = Linear(weight: random.tensor([70, 130]), bias: nil, activation: .relu)
        let x = random.tensor([29, 130])
        let whole = layer(x, .single)
        #expect(bits(layer(x, Execution(threads: 3))) == bits(whole))
        for range in [0..<1, 28..<29, 3..<12, 5..<28] {
            #expect(bits(layer(images(x, range), .single)) == bits(images(whole, range)))
        }
    }

    @Test(arguments: [(3, 4, 5), (64, 17, 33), (1, 200, 1)], [false, true])
    func matrixProducts(_ size: (Int, Int, Int), transposing: Bool) {
        var random = SeededGenerator(11)
        let (rows, columns, depth) = size
        let a = random.tensor(transposing ? [depth, rows] : [rows, depth])
        let b = random.tensor(transposing ? [columns, depth] : [depth, columns])
        let expected = Naive.multiply(a, b, transposingFirst: transposing, transposingSecond: transposing)
        let found = Matrix.multiply(
            a, b, transposingFirst: transposing, transposingSecond: transposing, Execution(threads: 2))
        #expect(relativeError(found, Tensor([rows, columns], expected.map { Float($0) })) <= 2e-6)
    }
}
