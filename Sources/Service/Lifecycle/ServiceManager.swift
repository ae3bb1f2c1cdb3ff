import Dispatch
import Foundation
import Synchronization

/// Speaks to the service manager over `NOTIFY_SOCKET` (sd_notify(3)); silent where there is none.
package final class ServiceManager: Sendable {
    private let path: String?
    /// Seconds between messages to the watchdog, half of `WATCHDOG_USEC`.
    package let watchdogInterval: Double?
    /// Messages that found the socket full, in their order.
    private let unheard = Mutex<[String]>([])
    private static let mostUnheard = 16
    private static let beatSeconds = 2.0

    package init(environment: [String: String] = ProcessInfo.processInfo.environment) {
        path = environment["NOTIFY_SOCKET"].flatMap { $0.isEmpty ? nil : $0 }
        let own = environment["WATCHDOG_PID"].flatMap { Int32($0) }.map { $0 == getpid() } ?? true
        watchdogInterval = own ? environment["WATCHDOG_USEC"].flatMap { Double($0) }.map { $0 / 2_000_000 } : nil
    }

    package func ready() { tell("READY=1") }
    package func stopping() { tell("STOPPING=1") }
    /// Tells a message that is only worth telling now: it is dropped where the socket is full.
    package func status(_ text: String) { mention("STATUS=\(text)") }
    /// As `status`.
    package func watchdog() { mention("WATCHDOG=1") }

    /// Calls a function at once and every two seconds, or as often as the watchdog wants to hear something.
    func startBeat(on queue: DispatchQueue, _ body: @escaping @Sendable () -> Void) -> any DispatchSourceTimer {
        let timer = DispatchSource.makeTimerSource(queue: queue)
        timer.setEventHandler { [self] in
            repeatUnheard()
            body()
        }
        timer.schedule(deadline: .now(), repeating: min(Self.beatSeconds, watchdogInterval ?? Self.beatSeconds))
        timer.activate()
        return timer
    }

    /// Announces a reload; `ready()` ends it.
    package func reloading() {
        var now = timespec()
        clock_gettime(CLOCK_MONOTONIC, &now)
        tell("RELOADING=1\nMONOTONIC_USEC=\(now.tv_sec * 1_000_000 + now.tv_nsec / 1000)")
    }

    /// Sends the messages again that found the socket full; every other message does so first.
    func repeatUnheard() {
        unheard.withLock { sendInOrder(&$0) }
    }

    /// Sends a message that must be heard: where the socket is full it is sent again later.
    private func tell(_ message: String) {
        unheard.withLock { messages in
            messages.append(message)
            // A manager that was away for long needs the last state, not the whole history.
            messages.removeFirst(max(0, messages.count - Self.mostUnheard))
            sendInOrder(&messages)
        }
    }

    private func mention(_ message: String) {
        unheard.withLock { messages in
            sendInOrder(&messages)
            if messages.isEmpty { _ = send(message) }
        }
    }

    private func sendInOrder(_ messages: inout [String]) {
        while let first = messages.first, send(first) { messages.removeFirst() }
    }

    /// Sends a message; false where the socket is full.
    private func send(_ message: String) -> Bool {
        guard let path else { return true }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        var bytes = Array(path.utf8)
        if bytes.first == UInt8(ascii: "@") { bytes[0] = 0 }  // abstract name
        let offset = MemoryLayout<sockaddr_un>.offset(of: \.sun_path)!
        guard bytes.count < MemoryLayout<sockaddr_un>.size - offset else { return true }
        withUnsafeMutableBytes(of: &address) {
            UnsafeMutableRawBufferPointer(rebasing: $0[offset...]).copyBytes(from: bytes)
        }
        let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return true }
        defer { close(descriptor) }
        let payload = Array(message.utf8)
        // A manager that does not listen for a while must not block the caller.
        let flags = Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT)
        let sent = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                sendto(descriptor, payload, payload.count, flags, $0, socklen_t(offset + bytes.count))
            }
        }
        return sent >= 0 || ![EAGAIN, ENOBUFS].contains(errno)
    }
}
