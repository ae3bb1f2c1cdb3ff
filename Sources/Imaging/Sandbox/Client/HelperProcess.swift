import CSandbox
import Files
import Foundation

/// A running helper as its client sees it; killed with its last reference.
final class HelperProcess: Sendable {
    /// Longest time for a helper to start.
    private static let start = Duration.seconds(60)
    /// Longest time for a child to end that has nothing more to do.
    private static let end = Duration.seconds(2)

    let confinement: Confinement
    private let client: Channel
    let process: pid_t

    /// Starts a helper and waits until it is ready.
    /// - Throws: `Channel.Failure`.
    init(program: String, arguments: [String]) throws {
        (process, client) = try Self.launch(program, arguments)
        do {
            confinement = try client.receive(Confinement.self, until: .now + Self.start).0
        } catch {
            Self.kill(process)
            throw error
        }
    }

    deinit { Self.kill(process) }

    /// Hands a request over.
    /// - Returns: The channel of its answers.
    func begin(_ request: HelperRequest, _ descriptors: [Int32]) throws -> Channel {
        let (mine, its) = try Channel.pair()
        try client.send(request, [its.descriptor] + descriptors)
        return mine
    }

    /// Waits until the child that had the request has ended.
    /// - Returns: how, as wait(2) has it.
    func finish() throws -> Int32 { try client.receive(Int32.self, until: .now + Self.end).0 }

    /// On return only the process has the other end of the channel, so that its own end is noticed.
    private static func launch(_ program: String, _ arguments: [String]) throws -> (pid_t, Channel) {
        let (mine, its) = try Channel.pair()
        return (try spawn(program, arguments, channel: its.descriptor), mine)
    }

    private static func kill(_ process: pid_t) {
        Foundation.kill(process, SIGKILL)
        _ = sb_wait(process)
    }

    private static func spawn(_ program: String, _ arguments: [String], channel: Int32) throws(Channel.Failure) -> pid_t
    {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, channel, DecodeHelper.channel)
        for stream in 0...2 as ClosedRange<Int32> {
            posix_spawn_file_actions_addopen(&actions, stream, "/dev/null", O_RDWR, 0)
        }
        sb_close_from(&actions, DecodeHelper.channel + 1)

        // Nothing of the service's own environment but where its libraries are. A pool of BLAS threads would be in the
        // way of fork, and libvips would make code at run time.
        var environment = ["OPENBLAS_NUM_THREADS=1", "VIPS_NOVECTOR=1", "MALLOC_ARENA_MAX=1"]
        if let path = getenv("LD_LIBRARY_PATH") { environment.append("LD_LIBRARY_PATH=" + String(cString: path)) }
        var process = pid_t()
        let code = withCStrings(["autochrome"] + arguments) { arguments in
            withCStrings(environment) { environment in
                SpawnAttributes.with(resetsReactions: false) {
                    posix_spawn(&process, program, &actions, $0, arguments, environment)
                }
            }
        }
        guard code == 0 else { throw Channel.Failure(code: code) }
        return process
    }

    private static func withCStrings<R>(
        _ strings: [String], _ body: (UnsafePointer<UnsafeMutablePointer<CChar>?>) -> R
    ) -> R {
        let copies = strings.map { strdup($0) } + [nil]
        defer { copies.forEach { free($0) } }
        return body(copies)
    }
}
