import Foundation
import TestSupport
import Testing

@testable import Service

/// A socket as the service manager holds one.
private final class NotifySocket {
    let descriptor: Int32

    init(_ name: String) throws {
        descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        var bytes = Array(name.utf8)
        if bytes[0] == UInt8(ascii: "@") { bytes[0] = 0 }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        let length = socklen_t(MemoryLayout<sockaddr_un>.offset(of: \.sun_path)! + bytes.count)
        let status = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, length) }
        }
        guard status == 0 else { throw POSIXError(.init(rawValue: errno) ?? .EIO) }
    }

    deinit { close(descriptor) }

    /// The next datagram; nil where none has come.
    func receive() -> String? {
        var buffer = [UInt8](repeating: 0, count: 4096)
        let count = recv(descriptor, &buffer, buffer.count, Int32(MSG_DONTWAIT))
        return count < 0 ? nil : String(decoding: buffer.prefix(count), as: UTF8.self)
    }
}

@Suite struct ServiceManagerTests {
    @Test(arguments: [true, false])
    func speaksOverTheSocket(isAbstract: Bool) throws {
        let folder = try TemporaryFolder()
        let name = isAbstract ? "@autochrome-test-\(UUID().uuidString)" : folder.path + "/notify"
        let socket = try NotifySocket(name)
        let manager = ServiceManager(environment: ["NOTIFY_SOCKET": name])
        manager.ready()
        manager.status("3 to do")
        manager.watchdog()
        manager.reloading()
        manager.stopping()
        #expect(socket.receive() == "READY=1")
        #expect(socket.receive() == "STATUS=3 to do")
        #expect(socket.receive() == "WATCHDOG=1")
        let reloading = try #require(socket.receive())
        #expect(try /RELOADING=1\nMONOTONIC_USEC=[0-9]+/.wholeMatch(in: reloading) != nil)
        #expect(socket.receive() == "STOPPING=1")
        #expect(socket.receive() == nil)
    }

    @Test(arguments: [
        [:], ["NOTIFY_SOCKET": ""], ["NOTIFY_SOCKET": "/nowhere/at/all"],
        ["NOTIFY_SOCKET": "/" + String(repeating: "x", count: 300)],
    ])
    func isSilentWhereNobodyListens(_ environment: [String: String]) {
        let manager = ServiceManager(environment: environment)
        manager.ready()
        manager.watchdog()
        #expect(manager.watchdogInterval == nil)
    }

    @Test func aManagerThatDoesNotListenHoldsNobodyUp() throws {
        let name = "@autochrome-test-\(UUID().uuidString)"
        let socket = try NotifySocket(name)
        let manager = ServiceManager(environment: ["NOTIFY_SOCKET": name])
        for _ in 0..<2000 { manager.watchdog() }
        #expect(socket.receive() == "WATCHDOG=1")
    }

    @Test func whatMustBeHeardIsSaidAgainOnceThereIsRoom() throws {
        let name = "@autochrome-test-\(UUID().uuidString)"
        let socket = try NotifySocket(name)
        let manager = ServiceManager(environment: ["NOTIFY_SOCKET": name])
        // More than any socket holds.
        for _ in 0..<2000 { manager.watchdog() }
        manager.reloading()
        manager.ready()
        while let message = socket.receive() { #expect(message == "WATCHDOG=1") }
        manager.status("3 to do")
        #expect(socket.receive()?.hasPrefix("RELOADING=1") == true)
        #expect(socket.receive() == "READY=1")
        #expect(socket.receive() == "STATUS=3 to do")

        for _ in 0..<2000 { manager.watchdog() }
        manager.stopping()
        while socket.receive() != nil {}
        manager.repeatUnheard()
        #expect(socket.receive() == "STOPPING=1")
        #expect(socket.receive() == nil)
    }

    @Test func theWatchdogIsFedTwiceInItsTime() {
        #expect(ServiceManager(environment: ["WATCHDOG_USEC": "3000000"]).watchdogInterval == 1.5)
        let own = ["WATCHDOG_USEC": "3000000", "WATCHDOG_PID": "\(getpid())"]
        #expect(ServiceManager(environment: own).watchdogInterval == 1.5)
        let others = ["WATCHDOG_USEC": "3000000", "WATCHDOG_PID": "1"]
        #expect(ServiceManager(environment: others).watchdogInterval == nil)
    }
}
