import Foundation
import TestSupport
import Testing

/// A service of one test: its folders, its configuration and its processes.
final class TestService {
    let folder: TemporaryFolder
    private var settings: [String: String] = [
        "samples": "2", "quiet_seconds": "0.3", "threads": "2", "workers": "2", "backoff_seconds": "0.2",
    ]

    init(_ changes: [String: String] = [:]) throws {
        folder = try TemporaryFolder()
        try folder.makeFolder("inbox")
        try configure(changes)
    }

    var outbox: String { folder.path + "/outbox" }

    /// Changes settings and writes the configuration.
    func configure(_ changes: [String: String]) throws {
        settings.merge(changes) { $1 }
        var lines = ["inbox", "outbox", "state"].map { "\($0): \(folder.path)/\($0)" }
        lines += settings.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" }
        try folder.write(Array(lines.joined(separator: "\n").utf8), "service.yaml")
    }

    /// Starts a command about this service.
    func start(_ command: String..., environment: [String: String] = [:]) throws -> Child {
        try Child(command + ["--config", folder.path + "/service.yaml"], environment: environment)
    }

    /// Works off the inbox.
    @discardableResult
    func runOnce(expecting code: Int32 = 0, _ location: SourceLocation = #_sourceLocation) async throws
        -> Child.Outcome
    {
        let outcome = try await start("watch", "--once").wait(location)
        #expect(outcome.code == code, "\(outcome.errors)", sourceLocation: location)
        return outcome
    }

    /// Starts the daemon and waits until it says that it is ready.
    func startDaemon(_ location: SourceLocation = #_sourceLocation) async throws -> (
        daemon: Child, socket: NotifySocket
    ) {
        let socket = try NotifySocket(folder.path + "/notify-\(UUID().uuidString.prefix(8))")
        let daemon = try start("watch", environment: ["NOTIFY_SOCKET": socket.path, "WATCHDOG_USEC": "600000"])
        var messages: [String] = []
        let isReady = await daemon.eventually {
            messages += socket.receiveAll()
            return messages.contains("READY=1") || !daemon.isRunning
        }
        #expect(isReady && daemon.isRunning, "\(messages) \(daemon.errors)", sourceLocation: location)
        return (daemon, socket)
    }

    /// Ends the daemon as the service manager does.
    func stop(_ daemon: Child, _ location: SourceLocation = #_sourceLocation) async {
        daemon.send(SIGTERM)
        let outcome = await daemon.wait(location)
        #expect(outcome.code == 0, "\(outcome.errors)", sourceLocation: location)
    }

    /// Moves a file into the inbox whole, as careful programs do.
    func drop(_ bytes: [UInt8], _ name: String) throws {
        let aside = try folder.write(bytes, "aside-\(UUID().uuidString)")
        let target = folder.path + "/inbox/" + name
        try FileManager.default.createDirectory(
            atPath: (target as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
        guard rename(aside, target) == 0 else { throw POSIXError(.init(rawValue: errno) ?? .EIO) }
    }

    func results() throws -> [PublishedFolder] { try PublishedFolder.all(below: outbox) }

    func status() async throws -> [String: Any] {
        let outcome = try await start("status", "--json").wait()
        #expect(outcome.code == 0, "\(outcome.errors)")
        return try outcome.json
    }
}

/// A socket as the service manager holds one.
final class NotifySocket {
    let path: String
    private let descriptor: Int32

    init(_ path: String) throws {
        self.path = path
        descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(path.utf8)) }
        let status = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard status == 0 else { throw POSIXError(.init(rawValue: errno) ?? .EIO) }
    }

    deinit { close(descriptor) }

    /// Sends messages of its own until there is no room for more.
    func fill() throws {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(path.utf8)) }
        let flags = Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue)
        let sender = socket(AF_UNIX, flags, 0)
        defer { close(sender) }
        var sent = 0
        while sent >= 0 {
            sent = withUnsafePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    sendto(sender, "noise", 5, 0, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
                }
            }
        }
        guard errno == EAGAIN else { throw POSIXError(.init(rawValue: errno) ?? .EIO) }
    }

    /// What has come since the last call.
    func receiveAll() -> [String] {
        var messages: [String] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = recv(descriptor, &buffer, buffer.count, Int32(MSG_DONTWAIT))
            if count < 0 { return messages }
            messages.append(String(decoding: buffer.prefix(count), as: UTF8.self))
        }
    }
}
