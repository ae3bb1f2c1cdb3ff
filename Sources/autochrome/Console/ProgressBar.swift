import Foundation
import Synchronization

/// Progress with rate and time left: a line that redraws itself on a terminal, a plain line now and then elsewhere.
final class ProgressBar: Sendable {
    private struct State {
        var done = 0
        var lastDrawn = Date.distantPast
    }

    private let total: Int
    private let quiet: Bool
    private let start = Date()
    private let state = Mutex(State())

    init(total: Int, quiet: Bool = false) {
        self.total = total
        self.quiet = quiet
    }

    /// Counts one item as finished; `note` stays on the screen above the bar.
    func advance(note: String? = nil) {
        state.withLock { state in
            state.done += 1
            if let note { print(note) }
            let interval = Output.isTerminal ? 0.1 : 10
            if Date().timeIntervalSince(state.lastDrawn) >= interval || state.done == total { draw(&state) }
        }
    }

    /// Leaves the bar as it stands.
    func finish() {
        state.withLock { state in
            if Output.isTerminal, !quiet, state.done > 0 { write("\n") }
        }
    }

    private func print(_ note: String) {
        write((Output.isTerminal && !quiet ? "\r\u{1B}[K" : "") + note + "\n")
    }

    private func draw(_ state: inout State) {
        guard !quiet else { return }
        let done = state.done
        state.lastDrawn = Date()
        let elapsed = state.lastDrawn.timeIntervalSince(start)
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
