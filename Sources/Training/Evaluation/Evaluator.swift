import Colorization
import Flow
import Foundation
import Imaging
import Kernels
import Tensor

/// Judges a model on colour photographs at 256×256.
package struct Evaluator: Sendable {
    private let colorizer: ImageColorizer
    private let execution: Execution
    private let samples: Int
    private let temperature: Double
    private let seed: UInt64

    package init(
        colorizer: ImageColorizer, samples: Int, temperature: Double, seed: UInt64, execution: Execution
    ) {
        precondition(samples >= 1, "at least one sample is needed")
        self.colorizer = colorizer
        self.execution = execution
        self.samples = samples
        self.temperature = temperature
        self.seed = seed
    }

    /// The figures of one photograph.
    ///
    /// - Parameters:
    ///   - photograph: In colour; it is judged at 256×256.
    ///   - name: Keys the draws, so that an image's figures do not depend on its place among others.
    package func figures(of photograph: Photograph, name: String) throws -> Figures {
        let truth = photograph.rgb256().values
        let lightness = photograph.networkLightness()
        let chroma = photograph.chroma64()
        let conditions = colorizer.conditions(lightness: lightness, execution)

        func picture(_ chroma: Tensor) -> [Float] { Self.picture(lightness, chroma) }
        func color(_ draws: [Draw]) throws -> [[Float]] {
            try chromas(draws, of: name, conditions).map(picture)
        }

        var figures = Figures()
        figures.gray = Figures.error(picture(Tensor(NetworkGeometry.chromaShape)), truth)
        let constant = Normalization.denormalized(chroma: Tensor(NetworkGeometry.chromaShape))
        figures.constant = Figures.error(picture(constant), truth)
        figures.mode = Figures.error(try color([.mode])[0], truth)
        figures.regression = colorizer.network.regression(conditions).map {
            Figures.error(picture(Normalization.denormalized(chroma: $0)), truth)
        }
        figures.compare(samples: try color((0..<samples).map(draw)), truth: truth)

        let noise = Draw.sample(seed: seed, index: -1).latent(content: name)
        let normalized = Normalization.normalized(chroma: chroma).values
        let noisy = Tensor(NetworkGeometry.chromaShape, zip(normalized, noise).map { $0 + 0.05 * $1 })
        let (z, logDeterminant) = colorizer.network.forward(chroma: noisy, conditions, execution)
        figures.nllPerDim = negativeLogLikelihood(z, logDeterminant)[0]
        figures.bitsPerDim = figures.nllPerDim / log(2)
        return figures
    }

    /// The compared pictures: the truth, gray, the regression if there is one, the mode, and samples.
    ///
    /// - Parameter samples: Upper bound on the number of samples among them.
    /// - Returns: Pictures of 256×256.
    package func pictures(of photograph: Photograph, name: String, samples count: Int) throws -> [RGBImage] {
        let lightness = photograph.networkLightness()
        let conditions = colorizer.conditions(lightness: lightness, execution)
        var shown = [Tensor(NetworkGeometry.chromaShape)]
        if let regression = colorizer.network.regression(conditions) {
            shown.append(Normalization.denormalized(chroma: regression))
        }
        shown += try chromas([.mode] + (0..<min(count, samples)).map(draw), of: name, conditions)
        let side = NetworkGeometry.lightnessSide
        let planes = [photograph.rgb256().values] + shown.map { Self.picture(lightness, $0) }
        return planes.map { RGBImage(planes: $0, width: side, height: side) }
    }

    private func draw(_ index: Int) -> Draw { .sample(seed: seed, index: index) }

    private func chromas(_ draws: [Draw], of name: String, _ conditions: Conditions) throws -> [Tensor] {
        let latents = draws.map { $0.latent(content: name) }
        return try colorizer.samples(latents: latents, temperature: temperature, conditions, execution).map(\.chroma)
    }

    /// RGB in [0, 1] at 256×256, chroma upsampled bilinearly, as the paper's authors do; what users get follows edges.
    private static func picture(_ lightness: Tensor, _ chroma: Tensor) -> [Float] {
        let side = NetworkGeometry.lightnessSide
        let upsampled = Resampler.resized(chroma, width: side, height: side)
        return Lab.toRGB(Tensor([1, 3, side, side], lightness.values + upsampled.values)).values
    }
}
