import Flow
import Foundation
import Imaging
import Kernels
import Tensor

/// The draws of one photograph: variants are chosen of them, and known colours spread by what they show.
package struct DrawEnsemble: Sendable {
    /// Without the mode.
    package let draws: [Draw]
    /// The draws' colourings.
    package private(set) var samples: [ImageColorizer.Sample]
    /// The most likely colouring, which draws are held against.
    package private(set) var mode: ImageColorizer.Sample
    /// The same as it is shown.
    private var shownMode: ImageColorizer.Sample
    private let temperature: Double
    /// L in 0…100, [1, 1, 256, 256].
    private let lightness: Tensor

    /// Draws colourings of a photograph; each draw once.
    ///
    /// - Parameters:
    ///   - modeSaturation: Factor on the chroma of the mode where it is shown.
    ///   - latent: The latent vector of a draw.
    package init(
        _ draws: [Draw], lightness: Tensor, temperature: Double, modeSaturation: Double,
        colorizer: ImageColorizer, _ conditions: Conditions, _ execution: Execution, latent: (Draw) -> [Float]
    ) throws(ColorizationError) {
        self.draws = draws.filter { $0 != .mode }.unique
        let latents = ([.mode] + self.draws).map(latent)
        samples = try colorizer.samples(latents: latents, temperature: temperature, conditions, execution)
        mode = samples.removeFirst()
        shownMode = mode
        shownMode.chroma = Tensor(mode.chroma.shape, mode.chroma.values.map { $0 * Float(modeSaturation) })
        self.temperature = temperature
        self.lightness = lightness
    }

    /// The colouring of one of the draws or of the mode as it is shown.
    package func sample(_ draw: Draw) -> ImageColorizer.Sample { place(draw).map { samples[$0] } ?? shownMode }

    /// The draw's place among the draws; nil for the mode.
    private func place(_ draw: Draw) -> Int? {
        guard draw != .mode else { return nil }
        guard let place = draws.firstIndex(of: draw) else { preconditionFailure("\(draw) was not made") }
        return place
    }

    /// What hints are spread by: what some of the draws show.
    package func propagation(by draws: [Draw], _ conditions: Conditions, _ execution: Execution) -> HintPropagation {
        HintPropagation(
            conditions, lightness: lightness, mode: mode.chroma,
            draws: draws.compactMap(place).map { samples[$0].chroma }, temperature: temperature, execution)
    }

    /// The ensemble with all of its colourings brought to known colours.
    package func steered(
        by observations: [HintPropagation.Observation], _ propagation: HintPropagation, _ execution: Execution
    ) -> DrawEnsemble {
        var steered = self
        let all = samples + [mode, shownMode]
        steered.samples = Self.steered(all, by: observations, propagation, execution)
        steered.shownMode = steered.samples.removeLast()
        steered.mode = steered.samples.removeLast()
        return steered
    }

    /// Some draws' colourings brought to known colours.
    package func steered(
        _ draws: [Draw], by observations: [HintPropagation.Observation], _ propagation: HintPropagation,
        _ execution: Execution
    ) -> [ImageColorizer.Sample] {
        Self.steered(draws.map(sample), by: observations, propagation, execution)
    }

    private static func steered(
        _ samples: [ImageColorizer.Sample], by observations: [HintPropagation.Observation],
        _ propagation: HintPropagation, _ execution: Execution
    ) -> [ImageColorizer.Sample] {
        var samples = samples
        let chroma = propagation(samples.map(\.chroma), observations, execution)
        for place in samples.indices { samples[place].chroma = chroma[place] }
        return samples
    }

    /// Compares the draws as people see them.
    private func selection(_ execution: Execution) -> DrawSelection {
        let step = NetworkGeometry.chromaSide / Self.comparedSide
        let light = Elementwise.averagePool(lightness, NetworkGeometry.lightnessSide / Self.comparedSide, execution)
        func look(_ sample: ImageColorizer.Sample) -> DrawSelection.Look {
            let chroma = Elementwise.averagePool(sample.chroma, step, execution).values
            let shape = [1, 3, Self.comparedSide, Self.comparedSide]
            return .init(chroma: chroma, picture: Lab.toRGB(Tensor(shape, light.values + chroma)).values)
        }
        return DrawSelection(
            lightness: light.values, center: Elementwise.averagePool(mode.chroma, step, execution).values,
            mode: look(shownMode), draws: samples.map(look), execution)
    }

    /// Side of the grid on which draws are compared.
    private static let comparedSide = 32

    /// The variants' draws, and what is to be said of them.
    package struct Selection: Sendable {
        /// In the variants' order.
        package var shown: [Draw]
        /// How many draws are not shown, by the reason.
        package var leftOut: [String: Int]
        /// Perceptual distance of each variant from the mode, in Lab units.
        package var fromMode: [Double]
        /// The same from the nearest other variant; nil where there is none.
        package var fromNearest: [Double?]
        /// The same between two variants, on average; 0 where there is one.
        package var spread: Double
        /// Share of the draws among the variants that are tinted.
        package var tinted: Double
    }

    /// Chooses the variants that are free among the candidates.
    ///
    /// - Parameters:
    ///   - fixed: Draws that are shown anyhow.
    ///   - count: Variants in all.
    ///   - order: Puts the chosen draws beside the fixed ones.
    package func select(
        _ candidates: [Draw], beside fixed: [Draw], count: Int, _ execution: Execution,
        order: ([Draw]) -> [Draw]
    ) -> Selection {
        let selection = selection(execution)
        let free = count - fixed.count
        var chosen = candidates
        var tinted = 0
        if free < candidates.count {
            let places = candidates.compactMap(place)
            let choice = selection.choose(free, of: places, beside: fixed.map(place))
            chosen = choice.chosen.map { draws[$0] }
            tinted = choice.tinted.count
        }
        let shown = order(chosen)
        let places = shown.map(place)
        let alike = candidates.count - chosen.count - tinted
        let others = places.indices.map { i in
            places.indices.filter { $0 != i }.map { selection.distance(places[i], places[$0]) }
        }
        let pairs = others.flatMap(\.self)
        let strong = places.filter { selection.tint($0) > DrawSelection.tintLimit }
        return Selection(
            shown: shown, leftOut: ["tint": tinted, "alike": alike].filter { $0.value > 0 },
            fromMode: places.map { selection.distance($0, nil) }, fromNearest: others.map { $0.min() },
            spread: pairs.reduce(0, +) / Double(Swift.max(1, pairs.count)),
            tinted: Double(strong.count) / Double(Swift.max(1, places.compactMap(\.self).count)))
    }
}

extension [Draw] {
    /// Each once, at its first place.
    fileprivate var unique: [Draw] {
        var seen: Set<Draw> = []
        return filter { seen.insert($0).inserted }
    }
}
