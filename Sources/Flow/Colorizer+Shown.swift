import Foundation
import Kernels
import Tensor

/// What is shown of a sample, where the network has a regression to hold it against.
///
/// The flow draws how far colours deviate from the regression on grids that know nothing of outlines, and products of many
/// couplings' scales are heavy-tailed. So deviations are compressed where they run away, and both they and the regression are
/// averaged over places that the conditioning network sees alike, which gives an object one colour.
extension Colorizer {
    /// By how much chroma is averaged before places are compared.
    private static let pooling = 2
    /// Of the features' distance, in units of their root mean square.
    private static let bandwidth: Float = 0.2
    /// Of the distance in the picture, in units of its side.
    private static let reach: Float = 0.5
    /// Gives back the spread that averaging takes.
    private static let gain: Float = 1.3
    /// The knee and the end of what is let through, in units of the regression's scale.
    private static let (knee, limit): (Float, Float) = (1.75, 3)

    /// Normalised chroma [S, 2, 64, 64] of draws as it is shown, of the same shape.
    package func shown(_ chroma: Tensor, _ conditions: Conditions, _ execution: Execution) -> Tensor {
        conditions.check(samples: chroma.shape[0])
        guard let affine = conditions.affine, let likeness = conditions.likeness else { return chroma }
        let deviation = Self.held(affine.forward(chroma).u)
        let means = likeness(Elementwise.averagePool(deviation, Self.pooling, execution), execution)
        let shown = Self.held(Elementwise.bilinearUpsampled2(means, execution), gain: Self.gain)
        return Elementwise.add(affine.inverse(shown).x, correction(affine.mean, likeness, execution), execution)
    }

    /// What averaging among its like adds to the regression [N, 2, 64, 64]; detail finer than the grid stays as it is.
    private func correction(_ mean: Tensor, _ likeness: NonLocalMeans, _ execution: Execution) -> Tensor {
        let coarse = Elementwise.averagePool(mean, Self.pooling, execution)
        var difference = likeness.narrow(coarse, execution)
        let count = difference.count
        difference.withUnsafeMutablePointer { target in
            coarse.withUnsafePointer { coarse in
                for i in 0..<count { target[i] -= coarse[i] }
            }
        }
        return Elementwise.bilinearUpsampled2(difference, execution)
    }

    /// Which places of images look alike, by their features [N, F, 64, 64].
    func likeness(_ features: Tensor, _ execution: Execution) -> NonLocalMeans {
        NonLocalMeans(
            features: Elementwise.averagePool(features, Self.pooling, execution), bandwidth: Self.bandwidth,
            reach: Self.reach, execution)
    }

    private static func held(_ deviation: Tensor, gain: Float = 1) -> Tensor {
        var result = deviation
        let count = result.count
        result.withUnsafeMutablePointer { base in
            for i in 0..<count {
                let u = gain * base[i]
                let excess = abs(u) - knee
                let magnitude = excess > 0 ? knee + (limit - knee) * tanh(excess / (limit - knee)) : abs(u)
                base[i] = u < 0 ? -magnitude : magnitude
            }
        }
        return result
    }
}
