import Flow
import Foundation
import Tensor
import Testing

@testable import Colorization

@Suite struct DrawTests {
    private let content = String(repeating: "ab", count: 32)

    @Test func theSameKeyGivesTheSameBits() {
        let draw = Draw.sample(seed: 7, index: 3).latent(content: content)
        #expect(draw.count == NetworkGeometry.latentCount)
        #expect(draw == Draw.sample(seed: 7, index: 3).latent(content: content))
    }

    @Test func anotherKeyGivesAnother() {
        let draw = Draw.sample(seed: 7, index: 3).latent(content: content)
        let others = [
            Draw.sample(seed: 8, index: 3).latent(content: content),
            Draw.sample(seed: 7, index: 4).latent(content: content),
            Draw.sample(seed: 7, index: 3).latent(content: String(repeating: "cd", count: 32)),
            // Not told apart where the key's parts only stand beside each other.
            Draw.sample(seed: 73, index: 0).latent(content: content),
            Draw.sample(seed: 0, index: 73).latent(content: content),
        ]
        for other in others {
            let correlation = zip(draw, other).reduce(0.0) { $0 + Double($1.0) * Double($1.1) } / Double(draw.count)
            // Five standard deviations.
            #expect(abs(correlation) < 5 / Double(draw.count).squareRoot())
        }
    }

    @Test func drawsAreStandardNormal() {
        let all = (0..<24).flatMap { Draw.sample(seed: 1, index: $0).latent(content: content) }.map(Double.init)
        let n = Double(all.count)
        let mean = all.reduce(0, +) / n
        let variance = all.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / n
        let kurtosis = all.reduce(0) { $0 + pow($1 - mean, 4) } / n / (variance * variance)
        #expect(abs(mean) < 5 / n.squareRoot())
        #expect(abs(variance - 1) < 5 * (2 / n).squareRoot())
        #expect(abs(kurtosis - 3) < 5 * (24 / n).squareRoot())
    }
}

@Suite struct InterpolationTests {
    @Test(arguments: [3, 5, 7]) func theCentreIsTheMode(grid: Int) {
        let content = String(repeating: "01", count: 32)
        let latents = Interpolation(content: content, seed: 5, grid: grid).latents
        #expect(latents.count == grid * grid)
        #expect(latents[grid * grid / 2].allSatisfy { $0 == 0 })
        let z = (0..<2).map { Draw.sample(seed: 5, index: $0).latent(content: content) }
        // The corners: a₁ and a₂ of ±0.9.
        let corners: [(Int, Float, Float)] = [
            (0, -1, -1), (grid - 1, -1, 1), (grid * (grid - 1), 1, -1), (grid * grid - 1, 1, 1),
        ]
        for (place, first, second) in corners {
            let worst = latents[place].indices.map { i in
                abs(latents[place][i] - 0.9 * (first * z[0][i] + second * z[1][i]))
            }.max()!
            #expect(worst < 1e-5)
        }
    }
}
