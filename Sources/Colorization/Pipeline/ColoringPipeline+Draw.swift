import Flow
import Imaging

extension ColoringPipeline {
    /// A colouring that becomes a variant.
    struct Shown {
        let draw: Draw
        let sample: ImageColorizer.Sample
        /// Logarithm of the density of what is shown of the draw, in nats.
        let logLikelihood: Double
        /// Perceptual distance from the mode, in Lab units.
        let fromMode: Double
        /// The same from the nearest other variant; nil where there is none.
        let fromNearest: Double?
    }

    /// The colourings of one photograph.
    struct Drawn {
        /// In the variants' order.
        let shown: [Shown]
        /// Draws that were made for the variants, the mode among them.
        let candidates: Int
        /// How many of them are not shown, by the reason.
        let leftOut: [String: Int]
        /// What only the uncertainty map takes into account.
        let compared: [ImageColorizer.Sample]
    }

    /// Draws, follows the hints, and chooses.
    func draw(
        _ request: ColoringRequest, _ photograph: Photograph, _ targets: [HintTarget], _ conditions: Conditions
    ) throws(ColorizationError) -> Drawn {
        let (settings, candidates) = (request.settings, request.candidates)
        let fixed = request.fixedDraws
        let spreading = targets.isEmpty ? [] : request.spreading
        var ensemble = try DrawEnsemble(
            fixed + candidates + request.comparisons + spreading, lightness: photograph.networkLightness(),
            temperature: settings.temperature, modeSaturation: settings.modeSaturation, colorizer: colorizer,
            conditions, execution, latent: request.latent)
        if !targets.isEmpty {
            let observations = HintTarget.observations(
                targets, width: photograph.width, height: photograph.height, saturation: settings.saturation)
            let propagation = ensemble.propagation(by: spreading, conditions, execution)
            ensemble = ensemble.steered(by: observations, propagation, execution)
        }
        let selection = ensemble.select(
            candidates, beside: fixed, count: settings.samples, execution, order: request.draws(choosing:))
        let samples = selection.shown.map(ensemble.sample)
        let likelihoods = colorizer.logLikelihoods(of: samples.map(\.chroma), conditions, execution)
        let shown = samples.indices.map { i in
            Shown(
                draw: selection.shown[i], sample: samples[i], logLikelihood: likelihoods[i],
                fromMode: selection.fromMode[i], fromNearest: selection.fromNearest[i])
        }
        return Drawn(
            shown: shown, candidates: fixed.count + candidates.count, leftOut: selection.leftOut,
            compared: request.comparisons.map(ensemble.sample))
    }
}
