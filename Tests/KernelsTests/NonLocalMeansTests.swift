import Tensor
import TestSupport
import Testing

@testable import Kernels

@Suite struct NonLocalMeansTests {
    @Test(arguments: [[1, 3, 4, 6], [2, 5, 8, 8], [3, 16, 7, 9], [1, 2, 1, 1]])
    func agreesWithReference(features shape: [Int]) {
        var random = SeededGenerator(11)
        let features = random.tensor(shape)
        let x = random.tensor([3, 2, shape[2], shape[3]])
        let own = shape[0] == 1 ? x : images(x, 0..<shape[0])
        let means = NonLocalMeans(features: features, bandwidth: 0.3, reach: 0.5, Execution(threads: 2))
        let expected = Naive.nonLocalMeans(own, features: features, bandwidth: Double(Float(0.3)), reach: 0.5)
        #expect(relativeError(means(own, Execution(threads: 2)), expected) <= 1e-5)
        let narrower = Naive.nonLocalMeans(
            own, features: features, bandwidth: Double(Float(0.3)) / 8.0.squareRoot(), reach: 0.5 / 8.0.squareRoot())
        #expect(relativeError(means.narrow(own, Execution(threads: 2)), narrower) <= 1e-5)
    }

    @Test func weightsSumToOneAndKeepWhatIsConstant() {
        var random = SeededGenerator(12)
        let features = random.tensor([1, 4, 8, 8])
        let means = NonLocalMeans(features: features, bandwidth: 0.1, reach: 0.2, .single)
        for row in 0..<64 {
            let sum = means.weights.values[row * 64..<(row + 1) * 64].reduce(0.0) { $0 + Double($1) }
            #expect(abs(sum - 1) <= 1e-6)
        }
        let constant = means(Tensor([1, 1, 8, 8], [Float](repeating: 0.7, count: 64)), .single)
        #expect(constant.values.allSatisfy { abs($0 - 0.7) <= 1e-6 })
    }

    /// Two halves that look unlike exchange nothing; within each, what is near counts as much as what is far.
    @Test func stopsAtOutlines() {
        let half = (0..<64).map { Float($0 % 8 < 4 ? 1 : -1) }
        let means = NonLocalMeans(features: Tensor([1, 1, 8, 8], half), bandwidth: 0.2, reach: 1000, .single)
        let noisy = Tensor([1, 1, 8, 8], half.enumerated().map { $1 * (2 + ($0 / 8 % 2 == 0 ? 0.5 : -0.5)) })
        for (found, side) in zip(means(noisy, .single).values, half) { #expect(abs(found - 2 * side) <= 1e-4) }
    }

    @Test func blankFeaturesLeaveDistanceAlone() {
        let means = NonLocalMeans(features: Tensor([1, 2, 4, 4]), bandwidth: 0.3, reach: 0.5, .single)
        let x = Tensor([1, 1, 4, 4], (0..<16).map(Float.init))
        let expected = Naive.nonLocalMeans(x, features: Tensor([1, 2, 4, 4]), bandwidth: 0.3, reach: 0.5)
        #expect(relativeError(means(x, .single), expected) <= 1e-6)
    }

    @Test func threadsAndCompanyChangeNoBit() {
        var random = SeededGenerator(13)
        let features = random.tensor([1, 24, 32, 32])
        let x = random.tensor([5, 2, 32, 32])
        let single = NonLocalMeans(features: features, bandwidth: 0.3, reach: 0.5, .single)
        let threaded = NonLocalMeans(features: features, bandwidth: 0.3, reach: 0.5, Execution(threads: 3))
        #expect(bits(single.weights) == bits(threaded.weights))
        let all = threaded(x, Execution(threads: 3))
        #expect(bits(single(images(x, 3..<4), .single)) == bits(images(all, 3..<4)))
        #expect(bits(single.narrow(x, .single)) == bits(threaded.narrow(x, Execution(threads: 3))))
    }
}
