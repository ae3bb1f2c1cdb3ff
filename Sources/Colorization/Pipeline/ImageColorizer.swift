import Flow
import Foundation
import Imaging
import Kernels
import Tensor

/// Draws colourings of photographs from a model.
package final class ImageColorizer: Sendable {
    /// Colour samples that are drawn in one pass, so that memory does not grow with their number.
    private static let batch = 64

    package let network: Colorizer

    package init(network: Colorizer) {
        self.network = network
    }

    /// A colouring at the network's resolution.
    package struct Sample: Sendable {
        /// Chroma in Lab units, [1, 2, 64, 64].
        package var chroma: Tensor
        /// Logarithm of the density of the draw, the flow's own normalised chroma and not what is shown of it, in nats.
        package var logLikelihood: Double

        /// Standard deviation of the samples' chroma, over all pixels and both channels, in Lab units.
        static func spread(_ samples: some Collection<Sample>) -> Double {
            let planes = samples.map(\.chroma.values)
            var sum = 0.0
            for i in planes[0].indices {
                let mean = planes.reduce(0.0) { $0 + Double($1[i]) } / Double(planes.count)
                let squares = planes.reduce(0.0) { $0 + (Double($1[i]) - mean) * (Double($1[i]) - mean) }
                sum += squares / Double(planes.count)
            }
            return (sum / Double(planes[0].count)).squareRoot()
        }
    }

    /// Computes the network's conditions from a photograph's lightness, once for all samples.
    ///
    /// - Parameter lightness: L in 0…100, [1, 1, 256, 256].
    package func conditions(lightness: Tensor, _ execution: Execution) -> Conditions {
        network.conditions(lightness: Normalization.normalized(lightness: lightness), execution)
    }

    /// The colourings of latent vectors of 8192 numbers each.
    ///
    /// - Parameter temperature: How far they go from the most likely one, z = 0, which is the same at any; 1 as learned.
    ///   What a draw adds to the network's regression is multiplied by it. Latent vectors are so only where a network has no
    ///   regression: nearer to 0 than any that the flow was trained with, they are of other colours, not only of fainter ones.
    package func samples(
        latents: [[Float]], temperature: Double = 1, _ conditions: Conditions, _ execution: Execution
    ) throws(ColorizationError) -> [Sample] {
        let latents = network.configuration.affine ? latents : latents.map { $0.map { $0 * Float(temperature) } }
        var samples: [Sample] = []
        for start in stride(from: 0, to: latents.count, by: Self.batch) {
            let part = latents[start..<min(start + Self.batch, latents.count)]
            let z = Tensor([part.count, NetworkGeometry.latentCount], part.flatMap { $0 })
            let temperatures = part.map { $0.contains { $0 != 0 } ? Float(temperature) : 1 }
            let (normalized, logDeterminants) = network.inverse(z: z, conditions, execution)
            let shown = network.regularized(normalized, temperatures: temperatures, conditions, execution)
            let chroma = Normalization.denormalized(chroma: shown).values
            guard chroma.allSatisfy(\.isFinite) else { throw .nonFinite }
            let size = chroma.count / part.count
            for (i, latent) in part.enumerated() {
                let values = Array(chroma[i * size..<(i + 1) * size])
                samples.append(
                    Sample(
                        chroma: Tensor(NetworkGeometry.chromaShape, values),
                        logLikelihood: Self.logDensity(latent) + logDeterminants[i]))
            }
        }
        return samples
    }

    /// Logarithm of the density of colourings under the model, in nats.
    ///
    /// - Parameter chroma: a and b in Lab units, [1, 2, 64, 64] each.
    package func logLikelihoods(
        of chroma: [Tensor], _ conditions: Conditions, _ execution: Execution
    ) -> [Double] {
        stride(from: 0, to: chroma.count, by: Self.batch).flatMap { start in
            let part = chroma[start..<min(start + Self.batch, chroma.count)]
            let shape = [part.count] + NetworkGeometry.chromaShape.dropFirst()
            let normalized = Normalization.normalized(chroma: Tensor(shape, part.flatMap(\.values)))
            let (z, logDeterminants) = network.forward(chroma: normalized, conditions, execution)
            return negativeLogLikelihood(z, logDeterminants).map { -$0 * Double(NetworkGeometry.latentCount) }
        }
    }

    /// Logarithm of the standard normal density of a latent vector.
    private static func logDensity(_ z: [Float]) -> Double {
        let squares = z.reduce(0.0) { $0 + Double($1) * Double($1) }
        return -0.5 * squares - 0.5 * Double(z.count) * log(2 * Double.pi)
    }
}
