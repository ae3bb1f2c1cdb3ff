import Kernels
import Tensor

/// All that the flow needs to know of an image, or of each of several, computed once for all samples.
package struct Conditions: Sendable {
    /// Images; one image's conditions serve any number of samples.
    package let count: Int
    /// [level 1...4][block].
    let images: [[ConditionalBlock.Condition]]
    /// Level 5's blocks.
    let vectors: [DenseBlock.Condition]
    let affine: AffineStart?
    /// Which places of the image look alike, where there is a regression for samples to deviate from.
    let likeness: NonLocalMeans?

    /// Stops a program that mixes up images and samples.
    func check(samples: Int) {
        precondition(count == 1 || count == samples, "conditions of \(count) images for \(samples) samples")
    }
}
