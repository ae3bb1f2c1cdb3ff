import ArgumentParser
import Service
import Synchronization

/// Shows the progress of a bulk run, and its sum.
final class BulkReport: Sendable {
    private struct Tally {
        var done = 0
        var already = 0
        var skipped = 0
        var failed = 0
    }

    private let bar: ProgressBar
    private let counter: Mutex<Tally>
    private let output: String?

    /// - Parameter output: The folder that results are put into; nil where they stay where they are.
    init(total: Int, problems: [String], output: String? = nil) {
        self.output = output
        bar = ProgressBar(total: total)
        for problem in problems { Output.complain("autochrome: \(problem)") }
        counter = Mutex(Tally(failed: problems.count))
    }

    func add(_ path: String, _ outcome: BulkRun.Outcome) {
        switch outcome {
        case .done(_, let warnings):
            counter.withLock { $0.done += 1 }
            bar.advance(note: warnings.isEmpty ? nil : "\(path): " + warnings.joined(separator: "; "))
        case .alreadyDone:
            counter.withLock { $0.already += 1 }
            bar.advance()
        case .skipped(let reason):
            counter.withLock { $0.skipped += 1 }
            bar.advance(note: "\(path): left alone: \(reason)")
        case .failed(let reason):
            counter.withLock { $0.failed += 1 }
            bar.advance(note: "autochrome: \(path): \(reason)")
        }
    }

    /// Prints the sum, and ends the command with code 1 if anything failed.
    func finish() throws {
        bar.finish()
        let sum = counter.withLock { $0 }
        var parts = ["\(sum.done) coloured"]
        if sum.already > 0 { parts.append("\(sum.already) done before") }
        if sum.skipped > 0 { parts.append("\(sum.skipped) left alone") }
        if sum.failed > 0 { parts.append("\(sum.failed) failed") }
        Output.complain(parts.joined(separator: ", ") + (output.map { ", in \($0)" } ?? ""))
        if sum.failed > 0 { throw ExitCode(1) }
    }
}
