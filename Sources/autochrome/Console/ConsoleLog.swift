import Foundation
import Logging
import Service

extension Logger {
    /// A service's, which writes to standard error.
    init(_ configuration: Configuration) {
        self.init(label: "autochrome") { _ in ConsoleLog() }
        logLevel = Level(rawValue: configuration.logLevel.rawValue) ?? .info
    }
}

/// Log lines on standard error: for people on a terminal, with priorities for journald, with dates elsewhere.
struct ConsoleLog: LogHandler {
    enum Style { case terminal, journal, plain }

    var logLevel: Logger.Level = .info
    var metadata: Logger.Metadata = [:]
    private let style: Style

    init(environment: [String: String] = ProcessInfo.processInfo.environment) {
        style = Self.isJournal(environment["JOURNAL_STREAM"]) ? .journal : Output.isTerminal ? .terminal : .plain
    }

    /// Whether standard error is the stream that systemd.exec(5) names by device and inode; it may be redirected since.
    private static func isJournal(_ stream: String?) -> Bool {
        var status = stat()
        guard let stream, fstat(STDERR_FILENO, &status) == 0 else { return false }
        return stream == "\(status.st_dev):\(status.st_ino)"
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let text = "\(event.message)".replacingOccurrences(of: "\n", with: " ")
        let line =
            switch style {
            case .journal: "<\(priority(event.level))>\(text)"
            case .terminal: Self.time("HH:mm:ss") + label(event.level) + text
            case .plain: Self.time("yyyy-MM-dd'T'HH:mm:ssZ") + " \(event.level.rawValue): " + text
            }
        Output.complain(line)
    }

    private func label(_ level: Logger.Level) -> String {
        switch level {
        case .error, .critical: " \u{1B}[31merror:\u{1B}[0m "
        case .warning: " \u{1B}[33mwarning:\u{1B}[0m "
        default: "  "
        }
    }

    private func priority(_ level: Logger.Level) -> Int {
        switch level {
        case .trace, .debug: 7
        case .info: 6
        case .notice: 5
        case .warning: 4
        case .error: 3
        case .critical: 2
        }
    }

    private static func time(_ format: String) -> String {
        let formatter = DateFormatter()
        formatter.locale = Locale(identifier: "en_US_POSIX")
        formatter.dateFormat = format
        return formatter.string(from: Date())
    }
}
