import Foundation
import TestSupport
import Testing

/// The built program as a process of its own; what it prints goes into files.
final class Child {
    /// How a process ended and what it printed.
    struct Outcome {
        /// The exit code, or 128 and the number of the signal.
        var code: Int32
        var output: String
        var errors: String
    }

    /// The program lies beside the tests'.
    static let program: String = {
        let tests = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
        return URL(fileURLWithPath: tests).deletingLastPathComponent().path + "/autochrome"
    }()

    /// Far above what anything here takes.
    private static let patience = 120.0

    let process: pid_t
    private let folder: TemporaryFolder
    private var status: Int32?

    /// - Parameter toJournal: Whether the environment says that standard error is the journal's stream.
    init(_ arguments: [String], environment: [String: String] = [:], toJournal: Bool = false) throws {
        folder = try TemporaryFolder()
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, folder.path + "/output", O_WRONLY | O_CREAT | O_APPEND, 0o600)
        posix_spawn_file_actions_addopen(&actions, 2, folder.path + "/errors", O_WRONLY | O_CREAT | O_APPEND, 0o600)
        // The threads that tests run on block signals, and a child would inherit that.
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var signals = sigset_t()
        sigemptyset(&signals)
        posix_spawnattr_setsigmask(&attributes, &signals)
        sigfillset(&signals)
        posix_spawnattr_setsigdefault(&attributes, &signals)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))

        var variables = ProcessInfo.processInfo.environment
        variables["NOTIFY_SOCKET"] = nil
        variables["JOURNAL_STREAM"] = nil
        if toJournal {
            var status = stat()
            guard stat(try folder.write("", "errors"), &status) == 0 else { throw POSIXError(.EIO) }
            variables["JOURNAL_STREAM"] = "\(status.st_dev):\(status.st_ino)"
        }
        variables.merge(environment) { $1 }
        var words = ([Self.program] + arguments).map { strdup($0) } + [nil]
        var settings = variables.map { strdup("\($0)=\($1)") } + [nil]
        defer { (words + settings).forEach { free($0) } }
        var process = pid_t()
        let code = posix_spawn(&process, Self.program, &actions, &attributes, &words, &settings)
        guard code == 0 else { throw POSIXError(.init(rawValue: code) ?? .EIO) }
        self.process = process
    }

    deinit {
        if status == nil {
            Foundation.kill(process, SIGKILL)
            waitpid(process, nil, 0)
        }
    }

    func send(_ signal: Int32) { Foundation.kill(process, signal) }

    /// Whether it has not ended yet.
    var isRunning: Bool {
        if status == nil {
            var found: Int32 = 0
            if waitpid(process, &found, WNOHANG) == process { status = found }
        }
        return status == nil
    }

    var output: String { (try? String(contentsOfFile: folder.path + "/output", encoding: .utf8)) ?? "" }
    var errors: String { (try? String(contentsOfFile: folder.path + "/errors", encoding: .utf8)) ?? "" }

    /// Waits for its end.
    @discardableResult
    func wait(_ location: SourceLocation = #_sourceLocation) async -> Outcome {
        if !(await eventually({ !self.isRunning })) {
            Issue.record("still running after \(Self.patience) s:\n\(errors)", sourceLocation: location)
            send(SIGKILL)
            while isRunning { try? await Task.sleep(for: .milliseconds(5)) }
        }
        let code = status!
        return Outcome(
            code: code & 0x7F == 0 ? code >> 8 & 0xFF : 128 + code & 0x7F, output: output, errors: errors)
    }

    /// Waits until something holds; false if it never does.
    func eventually(_ condition: () -> Bool) async -> Bool {
        let end = ContinuousClock.now + .seconds(Self.patience)
        while !condition() {
            if ContinuousClock.now > end { return false }
            try? await Task.sleep(for: .milliseconds(5))
        }
        return true
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
