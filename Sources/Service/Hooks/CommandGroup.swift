import CSandbox
import Files
import Foundation

/// A command and whatever it starts, in a process group of its own.
final class CommandGroup {
    /// Seconds that a command has for an orderly end.
    private static let grace = Duration.seconds(2)

    private let leader: pid_t
    /// How the command ended, as wait(2) has it.
    private var status: Int32?
    private var termination: ContinuousClock.Instant?

    /// Starts a command.
    ///
    /// - Parameters:
    ///   - environment: Lines of `NAME=value`.
    ///   - output: Gets standard output and standard error.
    init(_ words: [String], environment: [String], input: Int32, output: Int32) throws(DeliveryError) {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, input, 0)
        posix_spawn_file_actions_adddup2(&actions, output, 1)
        posix_spawn_file_actions_adddup2(&actions, output, 2)
        sb_close_from(&actions, 3)

        var arguments = words.map { strdup($0) } + [nil]
        var variables = environment.map { strdup($0) } + [nil]
        defer { (arguments + variables).forEach { free($0) } }
        var process = pid_t()
        let code = SpawnAttributes.with(resetsReactions: true, flags: POSIX_SPAWN_SETPGROUP) {
            posix_spawn(&process, words[0], &actions, $0, &arguments, &variables)
        }
        guard code == 0 else { throw .notStarted(code: code) }
        leader = process
    }

    /// Whether the command itself has ended.
    var hasEnded: Bool {
        if status == nil {
            var found: Int32 = 0
            let ended = waitpid(leader, &found, WNOHANG)
            if ended == leader { status = found }
        }
        return status != nil
    }

    /// Why the command did not succeed; nil where it did.
    var failure: DeliveryError? {
        guard let status else { return nil }
        let signal = status & 0x7F
        if signal != 0 { return .killed(signal: signal) }
        let code = status >> 8 & 0xFF
        return code == 0 ? nil : .ended(code: code)
    }

    /// Asks the group to end, and ends it where it takes its time.
    func end() {
        let now = ContinuousClock.now
        if let termination {
            if now - termination > Self.grace { kill(-leader, SIGKILL) }
        } else {
            termination = now
            kill(-leader, SIGTERM)
        }
    }

    /// Ends what the command has left behind, in its group or outside.
    func sweep() {
        kill(-leader, SIGKILL)
        for _ in 0..<500 {
            let rest = Self.children()
            if rest.isEmpty { return }
            for process in rest { kill(process, SIGKILL) }
            while waitpid(-1, nil, WNOHANG) > 0 {}
            usleep(2000)
        }
    }

    /// The children of this process, orphans that it has adopted among them.
    private static func children() -> [pid_t] {
        let parent = getpid()
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return names.compactMap { pid_t($0) }.filter { process in
            guard let data = FileManager.default.contents(atPath: "/proc/\(process)/stat") else { return false }
            // The name before it may hold anything.
            let rest = String(decoding: data, as: UTF8.self).split(separator: ")").last ?? ""
            let fields = rest.split(separator: " ")
            return fields.count > 1 && fields[0] != "Z" && pid_t(fields[1]) == parent
        }
    }
}
