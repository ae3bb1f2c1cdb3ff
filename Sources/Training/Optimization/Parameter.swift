import Tensor

/// Numbers of a network in training under their name in the model file, with the gradient of the loss.
///
/// A reference, shared by the layer that uses it, the optimiser and the file writer; only one thread handles it.
package final class Parameter {
    /// The name in the model file.
    package let name: String
    /// The numbers.
    package var value: Tensor
    /// The loss's derivative by them; layers add to it.
    package var gradient: Tensor
    /// Whether the optimiser changes it; rotations and running statistics it leaves alone.
    package let isLearned: Bool

    package init(_ name: String, _ value: Tensor) {
        self.name = name
        self.value = value
        isLearned = !name.hasSuffix("rotation") && !name.hasSuffix("running_mean") && !name.hasSuffix("running_var")
        gradient = Tensor(isLearned ? value.shape : [0])
    }
}
