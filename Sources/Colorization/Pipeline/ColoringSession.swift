import Flow
import Imaging
import Kernels
import Tensor

/// A photograph whose conditions and draws are kept, so that one more hint costs little.
///
/// It holds some four megabytes beside the photograph. Any number of threads may ask it.
package struct ColoringSession: Sendable {
    /// A colouring that hints have changed.
    package struct Coloring: Sendable {
        package let draw: Draw
        package let sample: ImageColorizer.Sample
        /// The colours at any size.
        package let field: ChromaField
    }

    private let renderer: Renderer
    private let ensemble: DrawEnsemble
    private let propagation: HintPropagation
    private let saturation: Double
    private let execution: Execution

    /// Computes the conditions and draws the request's draws; its hints do not matter.
    package init(
        _ request: ColoringRequest, _ photograph: Photograph, colorizer: ImageColorizer, _ execution: Execution
    ) throws(ColorizationError) {
        let conditions = colorizer.conditions(lightness: photograph.networkLightness(), execution)
        ensemble = try DrawEnsemble(
            request.fixedDraws + request.candidates + request.spreading, lightness: photograph.networkLightness(),
            temperature: request.settings.temperature, modeSaturation: request.settings.modeSaturation,
            colorizer: colorizer, conditions, execution, latent: request.latent)
        propagation = ensemble.propagation(by: request.spreading, conditions, execution)
        renderer = Renderer(photograph, threads: execution.threads)
        saturation = request.settings.saturation
        self.execution = execution
    }

    /// Draws that may be coloured.
    package var draws: [Draw] { [.mode] + ensemble.draws }

    /// The draws that the request's variants would show without hints, in the variants' order.
    package func selected(_ request: ColoringRequest) -> [Draw] {
        ensemble.select(
            request.candidates, beside: request.fixedDraws, count: request.settings.samples, execution,
            order: request.draws(choosing:)
        ).shown
    }

    /// A reduced copy that paints colourings.
    package func preview(longSide: Int) -> Preview { renderer.preview(longSide: longSide) }

    /// Some draws under hints, as a result with the same hints would show them.
    ///
    /// - Throws: `ColorizationError.hint` for a hint that makes no sense.
    package func colorings(
        _ draws: [Draw], hints: [ColorHint]
    ) throws(ColorizationError) -> [Coloring] {
        let (width, height) = (renderer.photograph.width, renderer.photograph.height)
        let targets = try PlacedHint.place(hints, width: width, height: height).map(HintTarget.init)
        let known = HintTarget.observations(targets, width: width, height: height, saturation: saturation)
        let anchored = renderer.anchored(HintTarget.anchors(targets, saturation: saturation))
        let samples = ensemble.steered(draws, by: known, propagation, execution)
        return zip(draws, samples).map { draw, sample in
            Coloring(draw: draw, sample: sample, field: renderer.field(chroma: sample.chroma, anchored: anchored))
        }
    }
}
