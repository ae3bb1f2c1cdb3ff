import CSandbox
import Files
import Foundation

/// One end of a socket pair that keeps messages apart and carries descriptors; closed with its last reference.
final class Channel: Sendable {
    /// Longest message; one that is longer is an error.
    private static let capacity = 64 << 10

    private let owned: Descriptor
    var descriptor: Int32 { owned.raw }

    struct Failure: Error {
        /// The `errno`; 0 when the other end is gone.
        var code: Int32
    }

    init(_ owned: Descriptor) { self.owned = owned }

    static func pair() throws(Failure) -> (Channel, Channel) {
        var ends: [Int32] = [0, 0]
        let kind = Int32(SOCK_SEQPACKET.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        guard socketpair(AF_UNIX, kind, 0, &ends) == 0 else { throw Failure(code: errno) }
        return (Channel(Descriptor(owning: ends[0])), Channel(Descriptor(owning: ends[1])))
    }

    func send(_ message: some Encodable, _ descriptors: [Int32] = []) throws {
        let data = [UInt8](try JSONEncoder().encode(message))
        guard sb_send(descriptor, data, data.count, descriptors, Int32(descriptors.count)) == data.count else {
            throw Failure(code: errno)
        }
    }

    /// Waits for a message.
    /// - Parameters:
    ///   - deadline: When to give up, with ETIMEDOUT; nil waits for ever, and polls nothing.
    ///   - descriptors: Most descriptors that may come with it; others are dropped.
    /// - Throws: `Failure`, or a decoding error if it is not such a message.
    func receive<Message: Decodable>(
        _ type: Message.Type, until deadline: ContinuousClock.Instant? = nil, descriptors most: Int = 0
    ) throws -> (Message, [Descriptor]) {
        if let deadline { try wait(until: deadline) }
        var data = [UInt8](repeating: 0, count: Self.capacity)
        var descriptors = [Int32](repeating: -1, count: most)
        var count: Int32 = 0
        let length = sb_receive(descriptor, &data, data.count, &descriptors, Int32(most), &count)
        let owned = descriptors.prefix(Int(count)).map(Descriptor.init(owning:))
        guard length > 0 else { throw Failure(code: length < 0 ? errno : 0) }
        return (try JSONDecoder().decode(type, from: Data(data[..<length])), owned)
    }

    /// Tells the other end that nothing comes any more.
    func end() { shutdown(descriptor, Int32(SHUT_RDWR)) }

    private func wait(until deadline: ContinuousClock.Instant) throws(Failure) {
        while true {
            let left = (deadline - .now) / .milliseconds(1)
            var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            let count = poll(&entry, 1, Int32(min(max(left.rounded(.up), 0), 1e9)))
            if count > 0 { return }
            if count == 0, left <= 0 { throw Failure(code: ETIMEDOUT) }
            if count < 0, errno != EINTR { throw Failure(code: errno) }
        }
    }
}
