import Foundation
import Kernels
import Tensor

/// Brings samples closer to the regression before they are shown; made once for all samples of an image or of several.
///
/// The flow draws how far colours deviate from the regression on grids that know nothing of outlines, and products of many
/// couplings' scales are heavy-tailed. So deviations are compressed where they run away, and both they and the regression are
/// averaged over places that the conditioning network sees alike, which gives an object one colour.
struct SampleRegularizer: Sendable {
    /// Side of the blocks over which chroma is averaged before places are compared.
    private static let pooling = 2
    /// Width of the kernel of the features' distance, in units of their root mean square.
    private static let bandwidth: Float = 0.5
    /// Width of the kernel of the distance in the picture, in units of its side.
    private static let reach: Float = 0.25
    /// Factor that restores the spread lost to averaging.
    private static let gain: Float = 1.4
    /// Deviations beyond the knee are compressed and stay below the limit, both in units of the regression's scale.
    private static let (knee, limit): (Float, Float) = (1.75, 3)

    private let learned: AffineStart
    /// The same with the coarse part of the mean averaged over similar places; detail finer than the grid stays.
    private let averaged: AffineStart
    private let likeness: NonLocalMeans

    /// From the features [N, F, 64, 64] and the affine start of as many images.
    init(_ affine: AffineStart, features: Tensor, _ execution: Execution) {
        learned = affine
        likeness = NonLocalMeans(
            features: Elementwise.averagePool(features, Self.pooling, execution), bandwidth: Self.bandwidth,
            reach: Self.reach, execution)
        let coarse = Elementwise.averagePool(affine.mean, Self.pooling, execution)
        var change = likeness.narrow(coarse, execution)
        let count = change.count
        change.withUnsafeMutablePointer { target in
            coarse.withUnsafePointer { coarse in
                for i in 0..<count { target[i] -= coarse[i] }
            }
        }
        averaged = AffineStart(
            mean: Elementwise.add(affine.mean, Elementwise.bilinearUpsampled2(change, execution), execution),
            scale: affine.scale)
    }

    /// Regularizes normalised chroma of draws, [S, 2, 64, 64].
    ///
    /// - Parameter temperatures: factors on each draw's deviations after everything else; 1 if left out.
    func callAsFunction(_ chroma: Tensor, temperatures: [Float]?, _ execution: Execution) -> Tensor {
        let deviation = Self.held(learned.forward(chroma).u)
        let means = Elementwise.bilinearUpsampled2(
            likeness(Elementwise.averagePool(deviation, Self.pooling, execution), execution), execution)
        return averaged.inverse(Self.held(means, gain: Self.gain, shares: temperatures)).x
    }

    private static func held(_ deviation: Tensor, gain: Float = 1, shares: [Float]? = nil) -> Tensor {
        var result = deviation
        let (samples, size) = (result.shape[0], result.count / result.shape[0])
        result.withUnsafeMutablePointer { base in
            for sample in 0..<samples {
                let share = shares?[sample] ?? 1
                for i in sample * size..<(sample + 1) * size {
                    let u = gain * base[i]
                    let excess = abs(u) - knee
                    let magnitude = excess > 0 ? knee + (limit - knee) * tanh(excess / (limit - knee)) : abs(u)
                    base[i] = share * (u < 0 ? -magnitude : magnitude)
                }
            }
        }
        return result
    }
}
