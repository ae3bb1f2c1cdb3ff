import Foundation

/// A real redis-server of one test, behind a UNIX socket, with its data in a folder of its own.
package final class RedisServer {
    private static let program = "/usr/bin/redis-server"
    package static let isInstalled = FileManager.default.isExecutableFile(atPath: program)

    private let folder: TemporaryFolder
    private let settings: [String]
    private let environment: [String: String]
    private var process: Subprocess?

    /// - Parameters:
    ///   - settings: Further words of its command line.
    ///   - environment: Further variables of its environment.
    package init(_ settings: String..., environment: [String: String] = [:]) throws {
        folder = try TemporaryFolder()
        self.settings = settings
        self.environment = environment
        try start()
    }

    deinit { kill() }

    package var socket: String { folder.path + "/redis" }
    package var url: String { "unix://" + socket }
    /// The folder of the append-only file.
    package var data: String { folder.path + "/appendonlydir" }
    package var processIdentifier: pid_t { process?.identifier ?? 0 }

    /// Starts it, with what it has written, and waits until it answers.
    package func start() throws {
        let arguments = [
            "--port", "0", "--unixsocket", socket, "--dir", folder.path, "--appendonly", "yes", "--appendfsync",
            "everysec", "--save", "", "--maxmemory-policy", "noeviction",
        ]
        process = try Subprocess(Self.program, arguments + settings, environment: environment)
        for _ in 0..<2000 {
            if ask("PING") == "PONG" { return }
            usleep(5000)
        }
        throw POSIXError(.ECONNREFUSED)
    }

    /// Kills it at once.
    package func kill() {
        process?.send(SIGKILL)
        _ = process?.wait()
        process = nil
    }

    /// Runs a command through redis-cli and returns what that prints.
    @discardableResult
    package func ask(_ words: String...) -> String {
        let outcome = try? Subprocess("/usr/bin/redis-cli", ["-s", socket] + words).wait()
        return outcome?.output.trimmingCharacters(in: .whitespacesAndNewlines) ?? ""
    }
}
