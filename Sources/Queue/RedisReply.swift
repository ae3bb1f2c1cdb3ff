import CHiredis

/// An answer of a Redis server.
enum RedisReply: Equatable, Sendable {
    case none
    case integer(Int)
    case text([UInt8])
    case error(String)
    case list([RedisReply])

    init(_ reply: redisReply) {
        switch reply.type {
        case REDIS_REPLY_INTEGER: self = .integer(Int(reply.integer))
        case REDIS_REPLY_STRING, REDIS_REPLY_STATUS: self = .text(Self.bytes(reply))
        case REDIS_REPLY_ERROR: self = .error(String(decoding: Self.bytes(reply), as: UTF8.self))
        case REDIS_REPLY_ARRAY:
            self = .list((0..<reply.elements).compactMap { reply.element[$0] }.map { RedisReply($0.pointee) })
        default: self = .none
        }
    }

    private static func bytes(_ reply: redisReply) -> [UInt8] {
        guard let start = reply.str else { return [] }
        return Array(UnsafeRawBufferPointer(start: start, count: reply.len))
    }

    var items: [RedisReply] { if case .list(let items) = self { items } else { [] } }

    var string: String {
        switch self {
        case .text(let bytes): String(decoding: bytes, as: UTF8.self)
        case .integer(let number): "\(number)"
        case .none, .error, .list: ""
        }
    }

    var number: Int {
        switch self {
        case .integer(let number): number
        case .text: Int(string) ?? 0
        case .none, .error, .list: 0
        }
    }

    /// A list of names and values, the first of each name.
    var fields: [String: String] {
        let items = items
        let pairs = stride(from: 0, to: items.count - 1, by: 2).map { (items[$0].string, items[$0 + 1].string) }
        return Dictionary(pairs) { first, _ in first }
    }
}
