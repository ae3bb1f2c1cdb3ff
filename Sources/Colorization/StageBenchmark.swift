import Flow
import Foundation
import Kernels
import Tensor

/// Times the stages of a colouring on synthetic input.
package struct StageBenchmark: Sendable {
    /// Median seconds of each stage.
    package struct Seconds: Sendable, Codable, Equatable {
        /// Features of the conditioning network.
        package var features: Double
        /// Features and all heads: everything that depends on the image alone.
        package var conditioning: Double
        /// The inverse for all samples.
        package var sampling: Double
        /// Drawing the latent vectors.
        package var latents: Double
        /// Conditioning and sampling.
        package var total: Double
    }

    private let network: Colorizer
    private let samples: Int
    private let execution: Execution

    package init(network: Colorizer, samples: Int, execution: Execution) {
        self.network = network
        self.samples = samples
        self.execution = execution
    }

    /// Medians over rounds of all stages, after one round that is not counted.
    package func run(rounds: Int) -> Seconds {
        var stream = RandomStream(high: 1, low: 1)
        let lightness = Tensor([1, 1, 256, 256], stream.normals(65536))
        var features: [Double] = []
        var conditioning: [Double] = []
        var sampling: [Double] = []
        var latents: [Double] = []
        for round in 0...rounds {
            var z = Tensor([0])
            let drawing = Self.time {
                z = Tensor(
                    [samples, Colorizer.latentCount],
                    (0..<samples).flatMap { Latent.draw(content: "bench", seed: 1, index: $0) })
            }
            let extracting = Self.time { _ = network.features(lightness: lightness, execution) }
            var conditions: Conditions?
            let conditioned = Self.time { conditions = network.conditions(lightness: lightness, execution) }
            let sampled = Self.time { _ = network.inverse(z: z, conditions!, execution) }
            guard round > 0 else { continue }
            latents.append(drawing)
            features.append(extracting)
            conditioning.append(conditioned)
            sampling.append(sampled)
        }
        return Seconds(
            features: Self.median(features), conditioning: Self.median(conditioning),
            sampling: Self.median(sampling), latents: Self.median(latents),
            total: Self.median(zip(conditioning, sampling).map(+)))
    }

    private static func time(_ body: () -> Void) -> Double {
        let start = DispatchTime.now().uptimeNanoseconds
        body()
        return Double(DispatchTime.now().uptimeNanoseconds - start) / 1e9
    }

    private static func median(_ values: [Double]) -> Double {
        let sorted = values.sorted()
        let middle = sorted.count / 2
        return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
    }
}
