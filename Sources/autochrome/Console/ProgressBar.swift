import Foundation

/// Progress with rate and time left: a line that redraws itself on a terminal, a plain line now and then elsewhere.
///
/// Sendable because its state is only touched under its lock.
final class ProgressBar: @unchecked Sendable {
    private let lock = NSLock()
    private let total: Int
    private let quiet: Bool
    private let start = Date()
    private var done = 0
    private var lastDrawn = Date.distantPast

    init(total: Int, quiet: Bool = false) {
        self.total = total
        self.quiet = quiet
    }

    /// Counts one item as finished; `note` stays on the screen above the bar.
    func advance(note: String? = nil) {
        lock.lock()
        defer { lock.unlock() }
        done += 1
        if let note { print(note) }
        let interval = Output.isTerminal ? 0.1 : 10
        if Date().timeIntervalSince(lastDrawn) >= interval || done == total { draw() }
    }

    /// Leaves the bar as it stands.
    func finish() {
        lock.lock()
        defer { lock.unlock() }
        if Output.isTerminal, !quiet, done > 0 { write("\n") }
    }

    private func print(_ note: String) {
        write((Output.isTerminal && !quiet ? "\r\u{1B}[K" : "") + note + "\n")
    }

    private func draw() {
        guard !quiet else { return }
        lastDrawn = Date()
        let elapsed = lastDrawn.timeIntervalSince(start)
        let rate = Double(done) / max(elapsed, 0.001)
        let left = Double(total - done) / max(rate, 1e-9)
        let figures = String(
            format: "%d/%d  %.1f images/min  %@ left", done, total, rate * 60, Self.duration(left))
        if Output.isTerminal {
            let width = 30
            let filled = total == 0 ? width : done * width / total
            let bar = String(repeating: "█", count: filled) + String(repeating: "░", count: width - filled)
            write("\r\u{1B}[K\(bar) \(figures)")
        } else {
            write(figures + "\n")
        }
    }

    private func write(_ text: String) { FileHandle.standardError.write(Data(text.utf8)) }

    static func duration(_ seconds: Double) -> String {
        let s = Int(seconds.rounded())
        return s >= 3600
            ? String(format: "%d:%02d:%02d", s / 3600, s / 60 % 60, s % 60) : String(format: "%d:%02d", s / 60, s % 60)
    }
}
