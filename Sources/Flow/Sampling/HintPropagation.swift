import Foundation
import Kernels
import Tensor

/// Spreads known colours of some places over a picture, as far as the network believes that colours go together.
///
/// Deviations of the true colours from a colouring are taken for a Gaussian process. Its covariance has two parts: that
/// of the draws, an ensemble Kalman filter's, and Gaussians of how unlike places are, whose size follows the
/// regression's own scales. A colour that surprises is rather an object's own than the whole picture's: the object at its
/// place, what is like it and near, gets a variance that grows with the surprise, so that a red coat leaves the wall as it
/// was. All colourings of a photograph are updated by the same gain, each by what it lacks.
package struct HintPropagation: Sendable {
    /// A known colour.
    package struct Observation: Sendable {
        /// The place, row by row of 64×64.
        package var place: Int
        /// a and b in Lab units.
        package var chroma: SIMD2<Float>

        package init(place: Int, chroma: SIMD2<Float>) {
            (self.place, self.chroma) = (place, chroma)
        }
    }

    private static let side = NetworkGeometry.chromaSide
    /// Temperatures below this leave draws too near to each other to tell what goes together.
    private static let leastTemperature: Float = 0.05

    private let covariance: PlaceCovariance
    /// Which places belong to the object at a place.
    private let belonging: PlaceCovariance
    private let mode: Tensor
    /// Of the observations' noise, both channels of each place, [2, 64, 64].
    private let noise: [Float]

    /// - Parameters:
    ///   - lightness: L in 0…100, [1, 1, 256, 256].
    ///   - mode: The most likely colouring, a and b in Lab units, [1, 2, 64, 64].
    ///   - draws: Draws as they are shown, of the same shape.
    ///   - temperature: Theirs.
    package init(
        _ conditions: Conditions, lightness: Tensor, mode: Tensor, draws: [Tensor], temperature: Double,
        _ execution: Execution
    ) {
        precondition(conditions.count == 1 && mode.shape == NetworkGeometry.chromaShape, "conditions of one image")
        let places = Self.side * Self.side
        let scale = Self.scale(conditions)
        let kernel = HintKernel.tuned
        let weight = temperature > Double(Self.leastTemperature) ? kernel.drawn / Float(temperature) : 0
        let features = Self.features(conditions, lightness: lightness, mode: mode, execution)
        let ones = Tensor([2, places], [Float](repeating: 1, count: 2 * places))
        belonging = PlaceCovariance(
            features: features, terms: [.init(rates: kernel.object, scales: ones)],
            deviations: Tensor([1, 2, places]), taper: kernel.taper)
        self.mode = mode
        covariance = PlaceCovariance(
            features: features,
            terms: kernel.terms.map { term in
                let scales = scale.map { HintKernel.unit * term.size * pow($0 / HintKernel.unit, term.power) }
                return .init(rates: term.rates, scales: Tensor([2, places], scales))
            },
            deviations: Self.deviations(draws, weight: weight), taper: kernel.taper)
        noise = scale.map { kernel.noise + kernel.relativeNoise * $0 * $0 }
    }

    /// Colourings that agree with what is known, [1, 2, 64, 64] each.
    ///
    /// - Parameter observations: At most one for each place.
    package func callAsFunction(_ samples: [Tensor], _ observations: [Observation], _ execution: Execution) -> [Tensor]
    {
        let chosen = observations.map(\.place)
        precondition(Set(chosen).count == chosen.count, "a place is known twice")
        guard !chosen.isEmpty, !samples.isEmpty else { return samples }
        let (count, places) = (chosen.count, covariance.places)
        var lacking: [Float] = []
        for sample in samples {
            let values = sample.values
            for channel in 0..<2 {
                for known in observations {
                    lacking.append(known.chroma[channel] - values[channel * places + known.place])
                }
            }
        }
        let uncertain = (0..<2).flatMap { channel in chosen.map { noise[channel * places + $0] } }
        let objects = objects(observations, execution)
        let matrix = covariance.matrix(of: chosen, objects: objects, execution)
        guard
            let weights = Matrix.solve(matrix, addingDiagonal: uncertain, Tensor([samples.count, 2 * count], lacking))
        else { preconditionFailure("a covariance with noise is positive definite") }
        let changes = covariance.spread(weights, from: chosen, objects: objects, execution)
        return samples.enumerated().map { index, sample in
            Elementwise.add(sample, changes.samples(index..<index + 1).reshaped(sample.shape), execution)
        }
    }

    /// The objects at the known places, [n, P], each scaled by its standard deviation.
    private func objects(_ observations: [Observation], _ execution: Execution) -> Tensor {
        var objects = belonging.rows(of: observations.map(\.place), execution)
        let (kernel, values, places) = (HintKernel.tuned, mode.values, covariance.places)
        objects.withUnsafeMutablePointer { base in
            for (index, known) in observations.enumerated() {
                let missing = known.chroma - SIMD2(values[known.place], values[places + known.place])
                let surprise = (missing * missing).sum().squareRoot() / HintKernel.surpriseUnit
                let size = (kernel.surprise * pow(surprise, kernel.surprisePower)).squareRoot()
                for place in 0..<places { base[index * places + place] *= size }
            }
        }
        return objects
    }

    /// The regression's scales in Lab units, [2, 64, 64]; where there is none, the same everywhere.
    private static func scale(_ conditions: Conditions) -> [Float] {
        guard let affine = conditions.affine else {
            return [Float](repeating: HintKernel.unit, count: NetworkGeometry.latentCount)
        }
        return affine.scale.values.enumerated().map { index, scale in
            Normalization.chromaScale[index / (side * side)] * exp(scale)
        }
    }

    /// Place, features, their coarse part, lightness and chroma, [F, P] each.
    private static func features(
        _ conditions: Conditions, lightness: Tensor, mode: Tensor, _ execution: Execution
    ) -> [Tensor] {
        let places = side * side
        let along = (0..<side).map { (Float($0) + 0.5) / Float(side) }
        let place = Tensor([2, places], along.flatMap { y in along.map { _ in y } } + along.flatMap { _ in along })
        let coarse = Elementwise.averagePool(conditions.features, 4, execution)
        let enlarged = Elementwise.bilinearUpsampled2(Elementwise.bilinearUpsampled2(coarse, execution), execution)
        let light = Elementwise.averagePool(lightness, NetworkGeometry.lightnessSide / side, execution)
        return [
            place, unit(conditions.features), unit(enlarged),
            Tensor([1, places], light.values.map { $0 / HintKernel.lightnessUnit }),
            Tensor([2, places], mode.values.map { $0 / HintKernel.chromaUnit }),
        ]
    }

    /// Features [1, F, 64, 64] as [F, P], a place's having a mean square of 1 over all places.
    private static func unit(_ features: Tensor) -> Tensor {
        let values = features.values
        let energy = values.reduce(0.0) { $0 + Double($1) * Double($1) } / Double(side * side)
        let factor = energy > 0 ? Float(1 / energy.squareRoot()) : 0
        return Tensor([features.shape[1], side * side], values.map { $0 * factor })
    }

    /// From the draws' mean, scaled so that their products sum to the covariance, [K, 2, P].
    private static func deviations(_ draws: [Tensor], weight: Float) -> Tensor {
        let count = NetworkGeometry.latentCount
        guard draws.count > 1, weight > 0 else { return Tensor([1, 2, side * side]) }
        let values = draws.map(\.values)
        let share = 1 / Float(draws.count)
        var mean = [Float](repeating: 0, count: count)
        for draw in values { for i in 0..<count { mean[i] += share * draw[i] } }
        let factor = weight * share.squareRoot()
        return Tensor(
            [draws.count, 2, side * side], values.flatMap { draw in zip(draw, mean).map { factor * ($0 - $1) } })
    }
}
