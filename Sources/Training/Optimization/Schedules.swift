import Foundation

/// A learning rate that falls by a factor when the loss stops falling.
package struct PlateauSchedule: Codable, Sendable, Equatable {
    package let factor: Double
    /// Epochs without improvement that leave the rate as it is.
    package let patience: Int
    /// Relative improvement that counts.
    package let threshold: Double
    /// Epochs after a change during which a missing improvement does not count.
    package let cooldown: Int
    /// The learning rate now.
    package private(set) var rate: Double
    private var best: Double?
    private var bad = 0
    private var cooling = 0

    package init(
        rate: Double = 1.6e-4, factor: Double = 0.2, patience: Int = 8, threshold: Double = 1e-3, cooldown: Int = 2
    ) {
        (self.rate, self.factor, self.patience) = (rate, factor, patience)
        (self.threshold, self.cooldown) = (threshold, cooldown)
    }

    /// Takes in an epoch's loss; improvement is relative to the loss's magnitude, as losses may be negative.
    package mutating func epochEnded(loss: Double) {
        if best.map({ loss < $0 - threshold * abs($0) }) ?? loss.isFinite {
            best = loss
            bad = 0
        } else {
            bad += 1
        }
        if cooling > 0 {
            cooling -= 1
            bad = 0
        }
        if bad > patience {
            rate *= factor
            cooling = cooldown
            bad = 0
        }
    }
}

/// A learning rate that falls exponentially from the first step to the last.
package struct ExponentialSchedule: Codable, Sendable, Equatable {
    package let first: Double
    package let last: Double
    /// Steps in all.
    package let steps: Int

    package init(first: Double = 1e-4, last: Double = 1e-6, steps: Int) {
        precondition(steps > 0 && first > 0 && last > 0, "a schedule from \(first) to \(last) in \(steps) steps")
        (self.first, self.last, self.steps) = (first, last, steps)
    }

    /// The rate of a step, counted from 0; the last one's afterwards.
    package func rate(step: Int) -> Double {
        first * pow(last / first, min(1, Double(step) / Double(max(1, steps - 1))))
    }
}
