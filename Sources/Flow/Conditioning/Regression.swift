import Foundation
import Kernels
import Tensor

/// The conditioning network's own chroma: a mean and a log scale for each value, from the features.
package struct Regression: Sendable {
    /// The soft clamp of the scale.
    package static let clamp = SoftClamp(alpha: 2)

    private let first: Convolution
    private let second: Convolution

    init(_ configuration: ModelConfiguration, from weights: any Weights) throws(ModelError) {
        let features = configuration.features
        first = Convolution(
            weight: try weights.tensor("regression.conv0.weight", [features, features, 3, 3]),
            bias: try weights.tensor("regression.conv0.bias", [features]).values, padding: .symmetric(1),
            activation: .leakyReLU(FlowPlan.slope))
        second = Convolution(
            weight: try weights.tensor("regression.conv1.weight", [4, features, 1, 1]),
            bias: try weights.tensor("regression.conv1.bias", [4]).values, padding: .symmetric(0))
    }

    /// Features [N, F, 64, 64] to the affine start for as many images.
    func callAsFunction(_ features: Tensor, _ execution: Execution) -> AffineStart {
        let (mean, raw) = second(first(features, execution), execution).halves
        var scale = raw
        let count = scale.count
        scale.withUnsafeMutablePointer { base in
            for i in 0..<count { base[i] = Self.clamp(base[i]) }
        }
        return AffineStart(mean: mean, scale: scale)
    }
}

/// The flow's outermost layer in `compact`: `u = (x − μ)·exp(−s)`, with μ and s from the image.
struct AffineStart: Sendable {
    /// μ, [N, 2, 64, 64].
    let mean: Tensor
    /// s, [N, 2, 64, 64].
    let scale: Tensor

    /// u and log|det du/dx| of each sample; one image's μ and s serve all samples.
    func forward(_ x: Tensor) -> (u: Tensor, logDeterminant: [Double]) {
        (mapped(x) { x, mean, scale in (x - mean) * exp(-scale) }, logDeterminant(samples: x.shape[0]))
    }

    /// x and log|det du/dx| of each sample.
    func inverse(_ u: Tensor) -> (x: Tensor, logDeterminant: [Double]) {
        (mapped(u) { u, mean, scale in u * exp(scale) + mean }, logDeterminant(samples: u.shape[0]))
    }

    private func mapped(_ x: Tensor, _ map: (Float, Float, Float) -> Float) -> Tensor {
        var result = x
        let (count, period) = (x.count, mean.count)
        result.withUnsafeMutablePointer { base in
            mean.withUnsafePointer { mean in
                scale.withUnsafePointer { scale in
                    for i in 0..<count { base[i] = map(base[i], mean[i % period], scale[i % period]) }
                }
            }
        }
        return result
    }

    private func logDeterminant(samples: Int) -> [Double] {
        let images = scale.shape[0]
        let size = scale.count / images
        let sums = scale.withUnsafePointer { base in
            (0..<images).map { n in (0..<size).reduce(0.0) { $0 - Double(base[n * size + $1]) } }
        }
        return (0..<samples).map { sums[$0 % images] }
    }
}
