import Flow
import Kernels
import Tensor
import Testing

@testable import Colorization

@Suite struct TemperatureTests {
    private static let execution = Execution(threads: 2)
    private let latents = (0..<2).map { Latent.draw(content: "temperature", seed: 1, index: $0) }

    private func samples(
        _ configuration: ModelConfiguration, _ latents: [[Float]], _ temperature: Double
    ) throws -> [ImageColorizer.Sample] {
        let colorizer = ImageColorizer(network: Colorizer(random: configuration))
        let lightness = Tensor([1, 1, 256, 256], (0..<65536).map { Float($0 % 256) * 100 / 255 })
        let conditions = colorizer.conditions(lightness: lightness, Self.execution)
        return try colorizer.samples(latents: latents, temperature: temperature, conditions, Self.execution)
    }

    @Test func whatADrawAddsToTheRegressionIsMultiplied() throws {
        func samples(_ temperature: Double) throws -> [ImageColorizer.Sample] {
            try self.samples(.compact(width: 0.0625, features: 16, seed: 5), latents, temperature)
        }
        let (none, half, whole) = (try samples(0), try samples(0.5), try samples(1))
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
        let latents = [[Float](repeating: 0, count: Colorizer.latentCount), latents[0]]
        func mode(_ temperature: Double) throws -> [Float] {
            try samples(.compact(width: 0.0625, features: 16, seed: 5), latents, temperature)[0].chroma.values
        }
        #expect(try mode(0.5) == mode(1))
    }

    @Test func withoutARegressionTheLatentIs() throws {
        let paper = ModelConfiguration.paper(width: 0.0625, ablation: .none, seed: 5)
        let halved = try samples(paper, latents.map { $0.map { $0 * 0.5 } }, 1)
        for (one, other) in zip(try samples(paper, latents, 0.5), halved) {
            #expect(one.chroma.values == other.chroma.values)
            #expect(one.logLikelihood == other.logLikelihood)
        }
    }
}
