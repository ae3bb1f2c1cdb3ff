import Kernels
import Tensor
import Testing

@testable import Flow

/// Round trips and log-determinants of whole networks.
@Suite struct InvertibilityTests {
    private static let execution = Execution(threads: 2)

    @Test func roundTripOfThePaperAtFullWidth() {
        let (colorizer, conditions) = (FullWidth.colorizer, FullWidth.conditions)
        let x = latents([2, 2, 64, 64], seed: 1)
        let (z, there) = colorizer.forward(chroma: x, conditions, Self.execution)
        let (back, again) = colorizer.inverse(z: z, conditions, Self.execution)
        let error = largestDifference(x, back)
        #expect(error < 1e-3, "x → z → x is off by \(error)")
        for (a, b) in zip(there, again) { #expect(abs(a - b) < 1e-3 * max(1, abs(a)), "\(a) and \(b)") }
    }

    @Test(arguments: [
        ModelConfiguration.paper(width: 0.0625, seed: 21), .compact(width: 0.0625, features: 16, seed: 22),
        .paper(width: 0.0625, ablation: .none, seed: 23),
        .compact(width: 0.0625, features: 16, ablation: .fixed, affine: false, seed: 24),
    ])
    func roundTrips(configuration: ModelConfiguration) {
        let colorizer = Colorizer(random: configuration)
        let lightness = RandomWeights(seed: 1).input("lightness", [1, 1, 256, 256], scale: 1.7)
        let conditions = colorizer.conditions(lightness: lightness, Self.execution)
        let z = latents([2, NetworkGeometry.latentCount], seed: 2)
        let (chroma, there) = colorizer.inverse(z: z, conditions, Self.execution)
        let (back, again) = colorizer.forward(chroma: chroma, conditions, Self.execution)
        let error = largestDifference(z, back)
        #expect(error < 1e-3, "z → x → z is off by \(error)")
        for (a, b) in zip(there, again) { #expect(abs(a - b) < 1e-3 * max(1, abs(a)), "\(a) and \(b)") }
        #expect((colorizer.regression(conditions) != nil) == configuration.affine)
    }

    @Test func roundTripOfDigits() {
        let generator = DigitGenerator(random: DigitConfiguration(seed: 3))
        let z = latents([10, DigitGenerator.latentCount], seed: 4)
        let digits = Array(0..<10)
        let (pixels, there) = generator.inverse(z: z, digits: digits, Self.execution)
        let (back, again) = generator.forward(pixels: pixels, digits: digits, Self.execution)
        #expect(largestDifference(z, back) < 1e-3)
        for (a, b) in zip(there, again) { #expect(abs(a - b) < 1e-3 * max(1, abs(a)), "\(a) and \(b)") }
        let others = generator.inverse(z: z, digits: digits.reversed(), Self.execution).pixels
        #expect(largestDifference(pixels, others) > 1e-3, "the digit makes no difference")
    }

    @Test func latentLevelsCoverTheLatent() {
        #expect(Colorizer.latentLevels == [0..<4096, 4096..<6144, 6144..<7680, 7680..<8192])
    }

    /// The finest part of the latent must not reach far, the coarsest everywhere.
    @Test func latentLevelsActAtTheirScale() {
        let colorizer = Colorizer(random: .paper(width: 0.0625, ablation: .none, seed: 5))
        let conditions = colorizer.conditions(lightness: Tensor([1, 1, 256, 256]), Self.execution)
        let base = colorizer.inverse(z: Tensor([1, 8192]), conditions, Self.execution).chroma
        func touched(_ index: Int) -> Int {
            var z = Tensor([1, 8192])
            z.withUnsafeMutablePointer { $0[index] = 1 }
            let moved = colorizer.inverse(z: z, conditions, Self.execution).chroma
            return zip(base.values, moved.values).count { abs($0 - $1) > 1e-5 }
        }
        let counts = Colorizer.latentLevels.map { touched($0.lowerBound + $0.count / 2) }
        #expect(counts[0] < 8192 / 2 && counts[3] > 8192 / 2, "values changed by one of each level: \(counts)")
    }
}
