import Tensor

/// The flow's conditions of one image, or of each of several, computed once for all samples.
package struct Conditions: Sendable {
    /// Images; one image's conditions serve any number of samples.
    package let count: Int
    /// [level 1...4][block].
    let images: [[ConditionalBlock.Condition]]
    /// Level 5's blocks.
    let vectors: [DenseBlock.Condition]
    /// What the conditioning network sees, [N, F, 64, 64].
    let features: Tensor
    let affine: AffineStart?
    /// Regularizes samples before they are shown, where the network has a regression.
    let regularizer: SampleRegularizer?

    /// Traps where the number of images does not fit the number of samples.
    func check(samples: Int) {
        precondition(count == 1 || count == samples, "conditions of \(count) images for \(samples) samples")
    }
}
