import Foundation
import Kernels
import Tensor
import Testing

@testable import Flow

/// What is shown of a sample, held against the regression.
@Suite struct SampleRegularizerTests {
    private static let execution = Execution(threads: 2)
    private let colorizer = Colorizer(random: .compact(width: 0.0625, features: 16, seed: 41))
    private let conditions: Conditions
    private let affine: AffineStart

    init() throws {
        let lightness = RandomWeights(seed: 42).input("lightness", [1, 1, 256, 256], scale: 1.7)
        conditions = colorizer.conditions(lightness: lightness, Self.execution)
        affine = try #require(conditions.affine)
    }

    /// From what is shown of the regression itself, in its scales.
    private func deviation(_ chroma: Tensor) -> [Float] {
        let shown = colorizer.regularized(chroma, conditions, Self.execution)
        let base = colorizer.regularized(affine.mean, conditions, Self.execution)
        let (values, start, scale) = (shown.values, base.values, affine.scale.values)
        return values.indices.map { (values[$0] - start[$0 % start.count]) * exp(-scale[$0 % start.count]) }
    }

    /// Its coarse part is averaged, what is finer than the grid of 32 × 32 is not.
    @Test func theRegressionKeepsItsDetail() {
        let shown = colorizer.regularized(affine.mean, conditions, Self.execution)
        #expect(largestDifference(shown, affine.mean) > 1e-3)
        let correction = Tensor(shown.shape, zip(shown.values, affine.mean.values).map { $0 - $1 })
        let smooth = Elementwise.bilinearUpsampled2(
            Elementwise.averagePool(correction, 2, Self.execution), Self.execution)
        #expect(largestDifference(smooth, correction) < largestDifference(correction, Tensor(correction.shape)) / 2)
    }

    @Test func nothingLiesBeyondThreeScales() {
        let wild = affine.inverse(latents([2, 2, 64, 64], seed: 43, temperature: 1e6)).x
        #expect(deviation(wild).allSatisfy { abs($0) < 3.0001 })
    }

    /// Were it averaged before it is held, a single runaway value would colour all that looks like its place.
    @Test func whatRunsAwayDoesNotSpread() {
        var u = [Float](repeating: 0, count: 8192)
        u[2080] = 1e6
        let shown = deviation(affine.inverse(Tensor([1, 2, 64, 64], u)).x)
        #expect(shown.filter { abs($0) > 1 }.count < 64)
    }

    @Test func threadsAndCompanyChangeNoBit() {
        let chroma = affine.inverse(latents([3, 2, 64, 64], seed: 44)).x
        let all = colorizer.regularized(chroma, conditions, Execution(threads: 3))
        #expect(colorizer.regularized(chroma.sample(1), conditions, .single).values == all.sample(1).values)
    }
}
