import CSandbox
import Files
import Foundation

/// Another program's process, which is gone with its test.
///
/// What it prints goes into files, and it inherits nothing: no process of one test holds open what another waits for the end of.
package final class Subprocess {
    /// How a process ended and what it printed.
    package struct Outcome {
        /// The exit code, or 128 and the number of the signal.
        package var code: Int32
        package var output: String
        package var errors: String
    }

    package let identifier: pid_t
    private let folder: TemporaryFolder
    private var status: Int32?

    /// - Parameters:
    ///   - environment: Variables beside those of this process; nil takes one away.
    ///   - passing: A descriptor that becomes its third.
    ///   - prepare: Adds variables for the file that standard error goes to.
    /// - Throws: `POSIXError` where there is no such program.
    package init(
        _ program: String, _ arguments: [String], environment: [String: String?] = [:], passing: Int32? = nil,
        prepare: (_ errors: String) throws -> [String: String] = { _ in [:] }
    ) throws {
        folder = try TemporaryFolder()
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, folder.path + "/output", O_WRONLY | O_CREAT | O_APPEND, 0o600)
        posix_spawn_file_actions_addopen(&actions, 2, folder.path + "/errors", O_WRONLY | O_CREAT | O_APPEND, 0o600)
        if let passing { posix_spawn_file_actions_adddup2(&actions, passing, 3) }
        sb_close_from(&actions, passing == nil ? 3 : 4)
        var variables = ProcessInfo.processInfo.environment
        for (name, value) in environment { variables[name] = value }
        variables.merge(try prepare(try folder.write("", "errors"))) { $1 }
        var words = ([program] + arguments).map { strdup($0) } + [nil]
        var settings = variables.map { strdup("\($0)=\($1)") } + [nil]
        defer { (words + settings).forEach { free($0) } }
        var identifier = pid_t()
        let code = SpawnAttributes.with(resetsReactions: true) {
            posix_spawnp(&identifier, program, &actions, $0, &words, &settings)
        }
        guard code == 0 else { throw POSIXError(.init(rawValue: code) ?? .EIO) }
        self.identifier = identifier
    }

    deinit {
        if status == nil {
            kill(identifier, SIGKILL)
            waitpid(identifier, nil, 0)
        }
    }

    package func send(_ signal: Int32) { kill(identifier, signal) }

    /// Whether it has not ended yet.
    package var isRunning: Bool {
        if status == nil {
            var found: Int32 = 0
            if waitpid(identifier, &found, WNOHANG) == identifier { status = found }
        }
        return status == nil
    }

    package var output: String { read("output") }
    package var errors: String { read("errors") }

    private func read(_ name: String) -> String { String(decoding: folder.read(name) ?? Data(), as: UTF8.self) }

    /// Holds up the thread until it has ended, and kills it after some minutes.
    package func wait() -> Outcome {
        let end = ContinuousClock.now + .seconds(300)
        while isRunning {
            if ContinuousClock.now > end { send(SIGKILL) }
            usleep(2000)
        }
        return outcome
    }

    /// Waits until it has ended, and kills it after some seconds.
    package func wait(atMost seconds: Double) async -> Outcome {
        if !(await eventually(within: seconds) { !self.isRunning }) { send(SIGKILL) }
        while isRunning { try? await Task.sleep(for: .milliseconds(5)) }
        return outcome
    }

    /// Waits until something holds; false if it does not within some seconds.
    package func eventually(within seconds: Double, _ condition: () -> Bool) async -> Bool {
        let end = ContinuousClock.now + .seconds(seconds)
        while !condition() {
            if ContinuousClock.now > end { return false }
            try? await Task.sleep(for: .milliseconds(5))
        }
        return true
    }

    private var outcome: Outcome {
        let status = status ?? 0
        return Outcome(
            code: status & 0x7F == 0 ? status >> 8 & 0xFF : 128 + status & 0x7F, output: output, errors: errors)
    }

    /// Runs a program to its end.
    package static func run(
        _ program: String, _ arguments: [String], environment: [String: String?] = [:], atMost seconds: Double = 900
    ) async throws -> Outcome {
        try await Subprocess(program, arguments, environment: environment).wait(atMost: seconds)
    }
}
