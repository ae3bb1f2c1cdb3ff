import Foundation
import TestSupport
import Testing

/// The built program as a process of its own.
final class Child {
    typealias Outcome = Subprocess.Outcome

    /// The program lies beside the tests'.
    static let program: String = {
        let tests = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
        return URL(fileURLWithPath: tests).deletingLastPathComponent().path + "/autochrome"
    }()

    /// Far above what anything here takes.
    private static let patience = 120.0

    private let subprocess: Subprocess

    /// - Parameters:
    ///   - toJournal: Whether the environment says that standard error is the journal's stream.
    ///   - passing: A socket that is passed as the service manager passes one.
    init(
        _ arguments: [String], environment: [String: String] = [:], toJournal: Bool = false, passing: Int32? = nil
    ) throws {
        var variables: [String: String?] = environment.mapValues { $0 }
        for name in ["NOTIFY_SOCKET", "JOURNAL_STREAM"] where environment[name] == nil {
            variables.updateValue(nil, forKey: name)
        }
        var (program, words) = (Self.program, arguments)
        if passing != nil {
            variables["LISTEN_FDS"] = "1"
            // Only the process itself knows its number.
            words = ["-c", "export LISTEN_PID=$$; exec \"$0\" \"$@\"", program] + arguments
            program = "/bin/sh"
        }
        subprocess = try Subprocess(program, words, environment: variables, passing: passing) { errors in
            var status = stat()
            guard toJournal else { return [:] }
            guard stat(errors, &status) == 0 else { throw POSIXError(.EIO) }
            return ["JOURNAL_STREAM": "\(status.st_dev):\(status.st_ino)"]
        }
    }

    var process: pid_t { subprocess.identifier }
    var isRunning: Bool { subprocess.isRunning }
    var output: String { subprocess.output }
    var errors: String { subprocess.errors }

    func send(_ signal: Int32) { subprocess.send(signal) }

    /// Waits for its end.
    @discardableResult
    func wait(_ location: SourceLocation = #_sourceLocation) async -> Outcome {
        if !(await eventually { !self.isRunning }) {
            Issue.record("still running after \(Self.patience) s:\n\(errors)", sourceLocation: location)
        }
        return await subprocess.wait(atMost: 0)
    }

    /// Waits until something holds; false if it never does.
    func eventually(_ condition: () -> Bool) async -> Bool {
        await subprocess.eventually(within: Self.patience, condition)
    }

    /// Runs the program to its end.
    static func run(
        _ arguments: String..., location: SourceLocation = #_sourceLocation
    ) async throws -> Outcome {
        try await Child(arguments).wait(location)
    }
}

extension Child.Outcome {
    /// The one JSON document on standard output.
    var json: [String: Any] {
        get throws {
            let object = try JSONSerialization.jsonObject(with: Data(output.utf8))
            return try #require(object as? [String: Any], "\(output)")
        }
    }
}
