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
    /// How samples are shown, where there is a regression to hold them against.
    let regularizer: SampleRegularizer?

    /// Stops a program that mixes up images and samples.
    func check(samples: Int) {
        precondition(count == 1 || count == samples, "conditions of \(count) images for \(samples) samples")
    }
}
