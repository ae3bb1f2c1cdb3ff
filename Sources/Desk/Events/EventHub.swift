import Foundation
import Synchronization

/// Hands out what happens to every page that listens (server-sent events).
final class EventHub: Sendable {
    private struct State {
        var listeners: [Int: AsyncStream<String>.Continuation] = [:]
        var next = 0
    }

    /// Events that wait for a slow listener; it then loads everything anew.
    private static let backlog = 256
    private let state = Mutex(State())

    enum Kind: String { case hello, result, results, queue, failure, work }

    private struct Nothing: Encodable {}

    var count: Int { state.withLock { $0.listeners.count } }

    /// The events from now on; throws where too many listen already.
    func subscribe(limit: Int) throws -> AsyncStream<String> {
        let (stream, continuation) = AsyncStream.makeStream(
            of: String.self, bufferingPolicy: .bufferingNewest(Self.backlog))
        try state.withLock { state in
            guard state.listeners.count < limit else {
                var refusal = Refusal(.tooManyRequests, "too_many", "Too many pages listen already.")
                refusal.headers = ["retry-after": "30"]
                throw refusal
            }
            state.next += 1
            let key = state.next
            state.listeners[key] = continuation
            continuation.onTermination = { [self] _ in self.state.withLock { $0.listeners[key] = nil } }
        }
        continuation.yield(Self.frame(.hello, Nothing()))
        return stream
    }

    func send(_ kind: Kind, _ value: some Encodable) { send(Self.frame(kind, value)) }

    /// Tells the listeners to load what they show again.
    func sendReload() { send(.results, Nothing()) }

    /// Keeps connections alive, and shows which are not.
    func beat() { send(": \n\n") }

    /// Ends every stream.
    func close() {
        // Outside the lock, which the end of a stream takes.
        for listener in state.withLock({ Array($0.listeners.values) }) { listener.finish() }
    }

    private func send(_ frame: String) {
        let listeners = state.withLock { Array($0.listeners.values) }
        for listener in listeners {
            if case .dropped = listener.yield(frame) { listener.yield(Self.frame(.results, Nothing())) }
        }
    }

    private static func frame(_ kind: Kind, _ value: some Encodable) -> String {
        // JSON has no newline here, which would end the event.
        "event: \(kind.rawValue)\ndata: \((try? JSON.encoded(value)).map { String(decoding: $0, as: UTF8.self) } ?? "{}")\n\n"
    }
}
