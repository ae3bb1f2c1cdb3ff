import CSandbox
import Foundation
import Spool

/// Runs a command for each event, with the event on its standard input.
///
/// The command ends within its time and takes all that it has started with it; what it prints is passed on up to a limit
/// and read to its end. It must be the only one to start processes in this one.
package final class CommandReceiver: EventReceiver {
    /// Bytes of a command's output that are passed on.
    private static let outputLimit = 16 << 10
    /// The longest line that a pipe takes before anybody reads it.
    private static let inputLimit = 60 << 10

    private let command: String
    private let seconds: Double
    private let outbox: String
    private let report: (String) -> Void

    /// - Parameters:
    ///   - command: A line for the shell.
    ///   - seconds: The longest time that it may take.
    ///   - outbox: The folder that results lie in.
    ///   - report: Gets what the command prints.
    package init(_ command: String, seconds: Double, outbox: String, report: @escaping (String) -> Void) {
        self.command = command
        self.seconds = seconds
        self.outbox = outbox
        self.report = report
        // What leaves its group, and its parent too, becomes a child of this process and is found.
        _ = sb_adopt_orphans()
    }

    package func deliver(_ entry: JournalEntry, shouldStop: @escaping () -> Bool) throws {
        let input = Pipe()
        let output = Pipe()
        // An event fits a pipe, so that a command which reads nothing keeps nobody waiting.
        try input.fileHandleForWriting.write(contentsOf: (entry.line + Data("\n".utf8)).prefix(Self.inputLimit))
        try input.fileHandleForWriting.close()
        let group = try CommandGroup(
            ["/bin/sh", "-c", command], environment: environment(entry),
            input: input.fileHandleForReading.fileDescriptor, output: output.fileHandleForWriting.fileDescriptor)
        try output.fileHandleForWriting.close()
        var printed = OutputReader(output.fileHandleForReading.fileDescriptor, limit: Self.outputLimit)
        let end = ContinuousClock.now + .seconds(seconds)
        var trouble: DeliveryError?
        while !group.hasEnded {
            printed.read(milliseconds: 20)
            if ContinuousClock.now > end { trouble = .late(seconds: seconds) }
            if shouldStop() { trouble = .stopped }
            if trouble != nil { group.end() }
        }
        group.sweep()
        printed.read(milliseconds: 0)
        if let text = printed.text { report(text) }
        if let trouble { throw trouble }
        if let failure = group.failure { throw failure }
    }

    /// What a shell wants to know without taking JSON apart.
    private func environment(_ entry: JournalEntry) -> [String] {
        let event = entry.event
        var names = ProcessInfo.processInfo.environment
        names = names.filter { !$0.key.hasPrefix("AUTOCHROME_") }
        names["AUTOCHROME_EVENT"] = event.kind.rawValue
        names["AUTOCHROME_CURSOR"] = entry.cursor.description
        names["AUTOCHROME_PATH"] = event.path?.description
        names["AUTOCHROME_REASON"] = event.reason
        var lines = names.map { "\($0)=\($1)" }
        if let result = event.result, let folder = String(validating: result.bytes, as: UTF8.self) {
            lines.append("AUTOCHROME_RESULT=\(outbox)/\(folder)")
            if let variant = event.variant { lines.append("AUTOCHROME_CHOSEN=\(outbox)/\(folder)/\(variant)") }
        }
        return lines
    }
}

/// Reads what a command prints, and keeps its beginning.
private struct OutputReader {
    private let descriptor: Int32
    private let limit: Int
    private var kept = Data()
    private var total = 0
    private var isAtEnd = false

    init(_ descriptor: Int32, limit: Int) {
        self.descriptor = descriptor
        self.limit = limit
    }

    /// Reads what is there, at most a MiB of it at once.
    mutating func read(milliseconds: Int32) {
        guard !isAtEnd else {
            usleep(UInt32(milliseconds) * 1000)
            return
        }
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        for attempt in 0..<16 {
            var wanted = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            guard poll(&wanted, 1, attempt == 0 ? milliseconds : 0) > 0 else { return }
            let count = Foundation.read(descriptor, &buffer, buffer.count)
            if count <= 0 {
                isAtEnd = count == 0
                return
            }
            total += count
            kept += buffer.prefix(min(count, limit - kept.count))
        }
    }

    /// What was kept, fit for a log; nil where nothing was printed.
    var text: String? {
        guard !kept.isEmpty else { return nil }
        let lines = String(decoding: kept, as: UTF8.self).split(whereSeparator: \.isNewline)
        let text = lines.map { line in
            String(String.UnicodeScalarView(line.unicodeScalars.filter { $0.properties.generalCategory != .control }))
        }.joined(separator: "\n")
        return total > kept.count ? text + "\n(\(total - kept.count) more bytes are left out)" : text
    }
}
