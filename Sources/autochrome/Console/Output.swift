import ArgumentParser
import Files
import Foundation

/// The commands' output, to standard output and standard error.
enum Output {
    static let isTerminal = isatty(STDERR_FILENO) == 1

    /// A line on standard error.
    static func complain(_ message: String) {
        FileHandle.standardError.write(Data((message + "\n").utf8))
    }

    /// Says on standard error what went wrong.
    static func complain(of error: any Error) { complain("autochrome: \(FileError(error) ?? error)") }

    /// A line on standard output, there when this returns.
    static func line(_ text: Data) throws {
        try FileHandle.standardOutput.write(contentsOf: text + Data("\n".utf8))
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
        complain(of: error)
        return ExitCode(2)
    }
}
