import NIOConcurrencyHelpers
import NIOCore

/// Closes a connection unless it gets on in time.
final class Deadline: Sendable {
    private let channel: any Channel
    private let pending = NIOLockedValueBox<Scheduled<Void>?>(nil)

    init(_ channel: any Channel) { self.channel = channel }

    /// Gives the connection so many seconds from now; nil: all the time.
    func set(seconds: Int64?) {
        let channel = channel
        let next = seconds.map { seconds in
            channel.eventLoop.scheduleTask(in: .seconds(seconds)) { channel.close(mode: .all, promise: nil) }
        }
        pending.withLockedValue { old in
            old?.cancel()
            old = next
        }
    }
}
