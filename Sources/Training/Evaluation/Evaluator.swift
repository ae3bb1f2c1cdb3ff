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
    private let options: Options

    /// What is judged.
    package struct Options: Sendable {
        /// Colourings of each photograph.
        package var samples = 8
        /// Draws that those are chosen from, the mode first; nil for the first draws as they come, without the mode.
        package var candidates: Int?
        /// Places whose true colour is revealed.
        package var hints = 0
        /// How far draws go from the most likely colours.
        package var temperature = 1.0
        /// Factor on the mode's chroma.
        package var modeSaturation = 1.0
        /// Selects draws and places.
        package var seed: UInt64 = 1

        package init() {}

        /// Draws that hints are spread by where nobody says how many.
        private static let usualCandidates = 32

        /// Draws that are made, the mode not among them.
        var drawn: Int {
            if let candidates { return max(candidates, samples) - 1 }
            return hints > 0 ? max(samples, Self.usualCandidates - 1) : samples
        }
    }

    package init(colorizer: ImageColorizer, options: Options, execution: Execution) {
        precondition(options.samples >= 1, "at least one sample is needed")
        self.colorizer = colorizer
        self.execution = execution
        self.options = options
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
        let ensemble = try ensemble(of: photograph, name: name, conditions)
        let shown = show(ensemble)

        var figures = Figures()
        figures.gray = Figures.error(picture(Tensor(NetworkGeometry.chromaShape)), truth)
        let constant = Normalization.denormalized(chroma: Tensor(NetworkGeometry.chromaShape))
        figures.constant = Figures.error(picture(constant), truth)
        let mode = picture(ensemble.sample(.mode).chroma)
        figures.mode = Figures.error(mode, truth)
        (figures.modeColorful, figures.trueColorful) = (Figures.colorfulness(mode), Figures.colorfulness(truth))
        figures.regression = colorizer.network.regression(conditions).map {
            Figures.error(picture(Normalization.denormalized(chroma: $0)), truth)
        }
        figures.compare(samples: shown.draws.map { picture(ensemble.sample($0).chroma) }, truth: truth)
        figures.spread = shown.spread
        figures.tinted = shown.tinted

        let noise = draw(-1).latent(content: name)
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
        let ensemble = try ensemble(of: photograph, name: name, conditions)
        shown.append(ensemble.sample(.mode).chroma)
        shown += show(ensemble).draws.filter { $0 != .mode }.prefix(count).map { ensemble.sample($0).chroma }
        let side = NetworkGeometry.lightnessSide
        let planes = [photograph.rgb256().values] + shown.map { Self.picture(lightness, $0) }
        return planes.map { RGBImage(planes: $0, width: side, height: side) }
    }

    private func draw(_ index: Int) -> Draw { .sample(seed: options.seed, index: index) }

    /// The draws of a photograph, which know what hints reveal.
    private func ensemble(of photograph: Photograph, name: String, _ conditions: Conditions) throws -> DrawEnsemble {
        let ensemble = try DrawEnsemble(
            (0..<options.drawn).map(draw), lightness: photograph.networkLightness(), temperature: options.temperature,
            modeSaturation: options.modeSaturation, colorizer: colorizer, conditions, execution
        ) { $0.latent(content: name) }
        guard options.hints > 0 else { return ensemble }
        let known = revealed(photograph.chroma64(), name: name)
        return ensemble.steered(by: known, ensemble.propagation(by: ensemble.draws, conditions, execution), execution)
    }

    /// The true colours of some places of 64×64, drawn without replacement.
    private func revealed(_ truth: Tensor, name: String) -> [HintPropagation.Observation] {
        let size = truth.count / 2
        let (order, values) = (draw(-2).latent(content: name), truth.values)
        let places = (0..<size).sorted { order[$0] < order[$1] }.prefix(options.hints)
        return places.map { .init(place: $0, chroma: SIMD2(values[$0], values[size + $0])) }
    }

    /// The draws that are shown, how far two of them are apart, and how many are tinted.
    private func show(_ ensemble: DrawEnsemble) -> (draws: [Draw], spread: Double, tinted: Double) {
        guard options.candidates != nil else {
            let selection = ensemble.select([], beside: ensemble.draws, count: ensemble.draws.count, execution) { _ in
                Array(ensemble.draws.prefix(options.samples))
            }
            return (selection.shown, selection.spread, selection.tinted)
        }
        let selection = ensemble.select(
            ensemble.draws, beside: [.mode], count: options.samples, execution
        ) { [.mode] + $0 }
        return (selection.shown, selection.spread, selection.tinted)
    }

    /// RGB in [0, 1] at 256×256, chroma upsampled bilinearly, as the paper's authors do; what users get follows edges.
    private static func picture(_ lightness: Tensor, _ chroma: Tensor) -> [Float] {
        let side = NetworkGeometry.lightnessSide
        let upsampled = Resampler.resized(chroma, width: side, height: side)
        return Lab.toRGB(Tensor([1, 3, side, side], lightness.values + upsampled.values)).values
    }
}
