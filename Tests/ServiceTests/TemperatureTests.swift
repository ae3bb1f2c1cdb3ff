import Flow
import Kernels
import Tensor
import Testing

@testable import Colorization

@Suite struct TemperatureTests {
    private static let execution = Execution(threads: 2)
    private let latents = (0..<2).map { Draw.sample(seed: 1, index: $0).latent(content: "temperature") }

    /// What a network of random weights makes of latent vectors at a temperature, its conditions computed once.
    private func drawing(
        _ configuration: ModelConfiguration
    ) -> ([[Float]], Double) throws -> [ImageColorizer.Sample] {
        let colorizer = ImageColorizer(network: Colorizer(random: configuration))
        let lightness = Tensor([1, 1, 256, 256], (0..<65536).map { Float($0 % 256) * 100 / 255 })
        let conditions = colorizer.conditions(lightness: lightness, Self.execution)
        return { try colorizer.samples(latents: $0, temperature: $1, conditions, Self.execution) }
    }

    @Test func whatADrawAddsToTheRegressionIsMultiplied() throws {
        let draw = drawing(.compact(width: 0.0625, features: 16, seed: 5))
        let (none, half, whole) = (try draw(latents, 0), try draw(latents, 0.5), try draw(latents, 1))
        #expect(none[0].chroma.values == none[1].chroma.values)
        for i in latents.indices {
            let (start, end) = (none[i].chroma.values, whole[i].chroma.values)
            #expect(zip(start, end).contains { abs($0 - $1) > 1 })
            let worst = half[i].chroma.values.indices.map { j in
                abs(half[i].chroma.values[j] - (start[j] + end[j]) / 2)
            }
            #expect(worst.max()! < 1e-3)
            #expect(half[i].logLikelihood == whole[i].logLikelihood)
        }
    }

    @Test func theModeIsTheSameAtAnyTemperature() throws {
        let latents = [[Float](repeating: 0, count: NetworkGeometry.latentCount), latents[0]]
        let draw = drawing(.compact(width: 0.0625, features: 16, seed: 5))
        #expect(try draw(latents, 0.5)[0].chroma.values == draw(latents, 1)[0].chroma.values)
    }

    @Test func withoutARegressionTheLatentIs() throws {
        let draw = drawing(.paper(width: 0.0625, ablation: .none, seed: 5))
        let halved = try draw(latents.map { $0.map { $0 * 0.5 } }, 1)
        for (one, other) in zip(try draw(latents, 0.5), halved) {
            #expect(one.chroma.values == other.chroma.values)
            #expect(one.logLikelihood == other.logLikelihood)
        }
    }
}
