import Kernels
import Tensor
import Testing

@testable import Flow

/// The same bits for any number of threads and any company in the batch.
@Suite struct DeterminismTests {
    @Test(arguments: [
        ModelConfiguration.paper(width: 0.0625, seed: 31), .compact(width: 0.25, features: 32, seed: 32),
    ])
    func threadsAndBatches(configuration: ModelConfiguration) {
        let colorizer = Colorizer(random: configuration)
        let lightness = RandomWeights(seed: 1).input("lightness", [2, 1, 256, 256], scale: 1.7)
        let second = Tensor([1, 1, 256, 256], Array(lightness.values[65536...]))
        let z = latents([11, NetworkGeometry.latentCount], seed: 33)

        let both = colorizer.features(lightness: lightness, Execution(threads: 3))
        let alone = colorizer.features(lightness: second, .single)
        #expect(Array(both.values[alone.count...]) == alone.values, "features")

        let single = colorizer.conditions(features: alone, .single)
        let threaded = colorizer.conditions(features: alone, Execution(threads: 3))
        let (all, logDeterminant) = colorizer.inverse(z: z, threaded, Execution(threads: 3))
        for n in 0..<11 {
            let (one, own) = colorizer.inverse(z: z.sample(n), single, .single)
            #expect(one.values == all.sample(n).values, "sample \(n)")
            #expect(own[0] == logDeterminant[n], "sample \(n)")
        }

        let (latent, forwardDeterminant) = colorizer.forward(chroma: all, threaded, Execution(threads: 2))
        let (one, own) = colorizer.forward(chroma: all.sample(9), single, .single)
        #expect(one.values == latent.sample(9).values)
        #expect(own[0] == forwardDeterminant[9])

        // Conditions of several images, one for each sample.
        let pair = colorizer.conditions(features: both, Execution(threads: 2))
        let paired = colorizer.inverse(z: Tensor([2, 8192], z.sample(0).values + z.sample(1).values), pair, .single)
        #expect(paired.chroma.sample(1).values == all.sample(1).values, "an image among others")
        #expect(paired.logDeterminant[1] == logDeterminant[1])
    }

    @Test func digits() {
        let generator = DigitGenerator(random: DigitConfiguration(seed: 34))
        let z = latents([5, 784], seed: 35)
        let (all, determinants) = generator.inverse(z: z, digits: [1, 2, 3, 4, 5], Execution(threads: 3))
        for n in 0..<5 {
            let (one, own) = generator.inverse(z: z.sample(n), digits: [n + 1], .single)
            #expect(one.values == all.sample(n).values && own[0] == determinants[n], "sample \(n)")
        }
    }
}

extension Tensor {
    /// One sample of a batch, as a batch of one.
    func sample(_ n: Int) -> Tensor {
        let size = count / shape[0]
        return Tensor([1] + shape.dropFirst(), Array(values[n * size..<(n + 1) * size]))
    }
}
