import Foundation
import Tensor
import Testing

@testable import Flow

@Suite struct NormalizationTests {
    @Test func publishedConstants() {
        let lightness = Normalization.normalized(lightness: Tensor([3], [47.5, 73.1, 21.9]))
        for (found, expected) in zip(lightness.values, [0, 1, -1] as [Float]) { #expect(abs(found - expected) < 1e-6) }
        let chroma = Normalization.normalized(chroma: Tensor([1, 2, 1, 2], [2.4, 13.6, 7.4, -9.4]))
        for (found, expected) in zip(chroma.values, [0, 1, 0, -1] as [Float]) { #expect(abs(found - expected) < 1e-6) }
    }

    @Test func thereAndBack() {
        let chroma = latents([2, 2, 4, 4], seed: 2, temperature: 30)
        let chromaBack = Normalization.denormalized(chroma: Normalization.normalized(chroma: chroma))
        #expect(largestDifference(chroma, chromaBack) < 1e-4)
    }

    @Test func likelihoodOfAGaussian() {
        // A scaling by k of standard normal numbers has the density of a normal distribution of width 1/k.
        let (z, k) = (Tensor([2, 3], [0, 0, 0, 1, 2, -2]), 4.0)
        let found = negativeLogLikelihood(z, [0, 3 * log(k)])
        let expected = [log(2 * Double.pi) / 2, 9.0 / 6 - log(k) + log(2 * Double.pi) / 2]
        for (f, e) in zip(found, expected) { #expect(abs(f - e) < 1e-12) }
    }
}
