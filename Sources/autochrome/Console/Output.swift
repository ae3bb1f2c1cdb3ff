import ArgumentParser
import Foundation

/// The commands' output, to standard output and standard error.
enum Output {
    static let isTerminal = isatty(STDERR_FILENO) == 1

    /// A line on standard error.
    static func complain(_ message: String) {
        FileHandle.standardError.write(Data((message + "\n").utf8))
    }

    /// One JSON document on standard output.
    static func json(_ value: some Encodable) throws {
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        encoder.dateEncodingStrategy = .iso8601
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        FileHandle.standardOutput.write(try encoder.encode(value) + Data("\n".utf8))
    }

    /// Ends the command for wrong usage or configuration; an error that is an exit code has been explained.
    static func usage(_ error: any Error) -> ExitCode {
        if let code = error as? ExitCode { return code }
        complain("autochrome: \(error)")
        return ExitCode(2)
    }
}
