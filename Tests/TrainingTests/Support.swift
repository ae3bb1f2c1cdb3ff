import Flow
import Foundation
import Tensor
import Testing

@testable import Training

/// A file that `Reference/golden.py` wrote.
func golden(_ name: String) throws -> SafeTensors {
    let url = try #require(Bundle.module.url(forResource: name, withExtension: "safetensors", subdirectory: "Golden"))
    return try SafeTensors(path: url.path)
}

/// The root-mean-square difference over the root-mean-square value expected.
func relativeError(_ found: [Float], _ expected: [Float]) -> Double {
    var (square, energy) = (0.0, 0.0)
    for (f, e) in zip(found, expected) {
        square += (Double(f) - Double(e)) * (Double(f) - Double(e))
        energy += Double(e) * Double(e)
    }
    return found.count == expected.count ? (square / energy).squareRoot() : .infinity
}

/// As much of a tensor as the golden files keep of it.
func sampled(_ tensor: Tensor, limit: Int) -> [Float] {
    let all = tensor.values
    let step = (all.count + limit - 1) / limit | 1
    return stride(from: 0, to: all.count, by: step).map { all[$0] }
}

/// Numbers in [-scale, scale) by the formula of the golden files.
func input(_ name: String, _ shape: [Int], scale: Float, seed: UInt64) -> Tensor {
    var stream = RandomWeights(seed: seed).stream("input." + name)
    return Tensor(shape, (0..<shape.reduce(1, *)).map { _ in scale * stream.nextSymmetric() })
}

/// Compares the gradients that `backward` leaves with finite differences of `loss`, for every parameter by itself.
///
/// The direction is the gradient with each element weighted at random, so that wrong elements show.
func expectGradients(
    _ parameters: [Parameter], tolerance: Double = 1e-3, step: Float = 2e-3,
    sourceLocation: SourceLocation = #_sourceLocation,
    backward: () -> Void, loss: () -> Double
) {
    backward()
    var stream = RandomStream(high: 3, low: 5)
    for parameter in parameters {
        let (value, gradient) = (parameter.value, parameter.gradient.values)
        var direction = gradient.map { $0 * (1 + 0.5 * stream.nextSymmetric()) }
        let length = direction.reduce(0) { $0 + $1 * $1 }.squareRoot()
        direction = direction.map { $0 / length }
        func moved(_ distance: Float) -> Tensor {
            Tensor(value.shape, zip(value.values, direction).map { $0 + distance * $1 })
        }
        parameter.value = moved(step)
        let above = loss()
        parameter.value = moved(-step)
        let below = loss()
        parameter.value = value
        let numeric = (above - below) / (2 * Double(step))
        let analytic = zip(gradient, direction).reduce(0.0) { $0 + Double($1.0) * Double($1.1) }
        #expect(
            abs(numeric - analytic) <= tolerance * abs(analytic),
            "\(parameter.name): \(analytic) where differences give \(numeric)", sourceLocation: sourceLocation)
    }
}
