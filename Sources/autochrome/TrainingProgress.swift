import Foundation

/// The line that tells how a training goes: redrawn on a terminal, now and then a new one elsewhere.
struct TrainingProgress {
    private let total: Int
    private let batch: Int
    private let first: Int
    private let start = Date()
    private var lastDrawn = Date.distantPast
    private var loss = 0.0
    private var isDrawn = false

    /// - Parameters:
    ///   - total: Steps of the whole training.
    ///   - done: Steps taken before.
    ///   - batch: Images of a step.
    init(total: Int, done: Int, batch: Int) {
        (self.total, first, self.batch) = (total, done, batch)
    }

    /// Counts a step; its loss is in nats per dimension and enters a running mean.
    mutating func advance(step: Int, loss latest: Double) {
        if latest.isFinite { loss = step == first + 1 ? latest : 0.95 * loss + 0.05 * latest }
        let now = Date()
        guard now.timeIntervalSince(lastDrawn) >= (Output.isTerminal ? 0.2 : 60) || step == total else { return }
        lastDrawn = now
        let rate = Double(step - first) / max(1e-3, now.timeIntervalSince(start))
        let line = String(
            format: "step %d/%d  NLL %.4f nats, %.4f bits/dim  %.2f images/s  %@ left", step, total, loss,
            loss / log(2), rate * Double(batch), ProgressBar.duration(Double(total - step) / rate))
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
