import Foundation
import Kernels
import Tensor

/// Adam (Kingma & Ba 2015) with L2 decay and a bound on the gradient's norm.
///
/// A step whose gradient is not finite is counted and never applied.
package final class Adam {
    package struct Settings: Sendable, Equatable {
        package var beta1 = 0.9
        package var beta2 = 0.999
        package var epsilon = 1e-6
        /// L2 decay, added to the gradient.
        package var decay = 1e-5
        /// Largest norm of all gradients together; larger ones are scaled down to it.
        package var clip = 10.0

        package init() {}
    }

    /// The outcome of a step.
    package enum Outcome: Equatable {
        /// Applied; with the gradient's norm before clipping.
        case applied(norm: Double)
        /// The gradient was not finite; nothing changed.
        case skipped
    }

    /// Running means of a parameter's gradient and of its square.
    struct Moments {
        var first: Tensor
        var second: Tensor
    }

    package let settings: Settings
    /// Steps applied.
    package private(set) var steps: Int
    /// Steps that were not finite.
    package private(set) var skipped: Int
    private(set) var moments: [String: Moments]

    package convenience init(settings: Settings = Settings()) {
        self.init(settings: settings, steps: 0, skipped: 0, moments: [:])
    }

    init(settings: Settings, steps: Int, skipped: Int, moments: [String: Moments]) {
        (self.settings, self.steps, self.skipped, self.moments) = (settings, steps, skipped, moments)
    }

    /// Changes the parameters by their gradients, then sets the gradients to zero.
    ///
    /// - Parameters:
    ///   - loss: The step's loss; if it is not finite, the step is skipped as well.
    ///   - rate: Learning rate.
    package func step(
        _ parameters: [Parameter], loss: Double = 0, rate: Double, _ execution: Execution
    ) -> Outcome {
        defer {
            for parameter in parameters {
                let count = parameter.gradient.count
                parameter.gradient.withUnsafeMutablePointer { $0.update(repeating: 0, count: count) }
            }
        }
        let norm = parameters.reduce(0) { $0 + Elementwise.squaredNorm($1.gradient, execution) }.squareRoot()
        guard norm.isFinite, loss.isFinite else {
            skipped += 1
            return .skipped
        }
        steps += 1
        let step = Elementwise.AdamStep(
            rate: Float(rate), beta1: Float(settings.beta1), beta2: Float(settings.beta2),
            epsilon: Float(settings.epsilon), decay: Float(settings.decay),
            correction1: Float(1 - pow(settings.beta1, Double(steps))),
            correction2: Float(1 - pow(settings.beta2, Double(steps))),
            scale: norm > settings.clip ? Float(settings.clip / norm) : 1)
        for parameter in parameters {
            // Taken out while it changes, or it would be copied.
            var own =
                moments.removeValue(forKey: parameter.name)
                ?? Moments(first: Tensor(parameter.value.shape), second: Tensor(parameter.value.shape))
            Elementwise.adam(
                &parameter.value, gradient: parameter.gradient, m: &own.first, v: &own.second, step, execution)
            moments[parameter.name] = own
        }
        return .applied(norm: norm)
    }
}
