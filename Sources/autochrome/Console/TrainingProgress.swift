import Foundation

/// The line that tells how a training goes: redrawn on a terminal, now and then a new one elsewhere.
struct TrainingProgress {
    private let total: Int
    private let batch: Int
    private let first: Int
    private let start = Date()
    private var lastDrawn = Date.distantPast
    private var loss = 0.0
    /// The measure of the losses in the running mean.
    private var measure: Measure?
    private var isDrawn = false

    /// - Parameters:
    ///   - total: Steps of the whole training.
    ///   - done: Steps taken before.
    ///   - batch: Images of a step.
    init(total: Int, done: Int, batch: Int) {
        (self.total, first, self.batch) = (total, done, batch)
    }

    /// The measure of a loss.
    enum Measure {
        /// Negative log-likelihood in nats per dimension.
        case likelihood
        /// Squared error of chroma.
        case chromaError

        func text(_ loss: Double) -> String {
            switch self {
            case .likelihood: String(format: "NLL %.4f nats, %.4f bits/dim", loss, loss / log(2))
            case .chromaError: String(format: "chroma error %.4f", loss)
            }
        }
    }

    /// Counts a step; its loss enters a running mean, if it is finite.
    mutating func advance(step: Int, loss latest: Double, _ measure: Measure = .likelihood) {
        if latest.isFinite {
            loss = measure == self.measure ? 0.95 * loss + 0.05 * latest : latest
            self.measure = measure
        }
        let now = Date()
        guard now.timeIntervalSince(lastDrawn) >= (Output.isTerminal ? 0.2 : 60) || step == total else { return }
        lastDrawn = now
        let rate = Double(step - first) / max(1e-3, now.timeIntervalSince(start))
        let line = String(
            format: "step %d/%d  %@  %.2f images/s  %@ left", step, total, measure.text(loss), rate * Double(batch),
            ProgressBar.duration(Double(total - step) / rate))
        isDrawn = true
        write(Output.isTerminal ? "\r\u{1B}[K" + line : line + "\n")
    }

    /// A line that stays.
    mutating func note(_ text: String) {
        write((isDrawn && Output.isTerminal ? "\r\u{1B}[K" : "") + text + "\n")
        isDrawn = false
    }

    private func write(_ text: String) { FileHandle.standardError.write(Data(text.utf8)) }
}
