import Kernels
import Tensor

/// A value in a network, and the gradient that comes back to it.
final class Variable {
    let value: Tensor
    /// Whether anything that is trained lies before it.
    let needsGradient: Bool
    private(set) var gradient: Tensor?

    init(_ value: Tensor, needsGradient: Bool = false) {
        (self.value, self.needsGradient) = (value, needsGradient)
    }

    /// Adds the gradient from one user of the value; it is computed only where the value needs a gradient.
    func receive(_ part: @autoclosure () -> Tensor, _ execution: Execution) {
        guard needsGradient else { return }
        guard var sum = takeGradient() else {
            gradient = part()
            return
        }
        Elementwise.accumulate(&sum, part(), execution)
        gradient = sum
    }

    /// The gradient, no longer kept here.
    func takeGradient() -> Tensor? {
        defer { gradient = nil }
        return gradient
    }
}

/// Records what is computed with a network's parameters, and sends gradients back through it once.
///
/// Values are kept until their step has been gone back through, or the tape is dropped: no step may hold the tape.
final class Tape {
    let parameters: TrainedParameters
    let execution: Execution
    private var steps: [() -> Void] = []

    init(_ parameters: TrainedParameters, _ execution: Execution) {
        (self.parameters, self.execution) = (parameters, execution)
    }

    /// A value computed from others; `back` is called with its gradient, unless nothing before it is trained.
    func record(_ value: Tensor, trained: Bool, back: @escaping (Tensor) -> Void) -> Variable {
        let result = Variable(value, needsGradient: trained)
        if trained {
            steps.append {
                if let gradient = result.takeGradient() { back(gradient) }
            }
        }
        return result
    }

    /// Goes back from the variables that have been given gradients to the parameters.
    func backward() {
        while let step = steps.popLast() { step() }
    }
}
