import CHiredis
import Foundation
import Spool

/// A connection to a Redis server, opened when it is needed and again after every failure.
///
/// Not for several threads at once.
struct RedisConnection: ~Copyable {
    private let address: RedisAddress
    /// Seconds that an answer may take.
    private let patience: Double
    private var context: UnsafeMutablePointer<redisContext>?

    init(_ address: RedisAddress, patience: Double) {
        self.address = address
        self.patience = patience
    }

    deinit { if let context { redisFree(context) } }

    /// Sends a command and returns its answer; an error that the server answers is a reply too.
    mutating func send(_ words: [RedisWord]) throws(WorkQueueError) -> RedisReply {
        try command(words, on: connected())
    }

    private mutating func command(
        _ words: [RedisWord], on context: UnsafeMutablePointer<redisContext>
    ) throws(WorkQueueError) -> RedisReply {
        // One buffer for all words, each at its place.
        var bytes = [CChar]()
        for word in words { bytes += word.bytes.map { CChar(bitPattern: $0) } }
        let lengths = words.map(\.bytes.count)
        let answer = bytes.withUnsafeBufferPointer { buffer -> UnsafeMutableRawPointer? in
            // An empty word has no place of its own; its length says so.
            guard let start = buffer.baseAddress else { return nil }
            var offset = 0
            var places: [UnsafePointer<CChar>?] = []
            for length in lengths {
                places.append(start + offset)
                offset += length
            }
            return Self.withoutBrokenPipes { redisCommandArgv(context, Int32(words.count), &places, lengths) }
        }
        guard let answer else {
            let reason = String(cString: redis_error_text(context))
            close()
            throw .away("\(address.description): \(reason.isEmpty ? "no answer" : reason)")
        }
        defer { freeReplyObject(answer) }
        return RedisReply(answer.assumingMemoryBound(to: redisReply.self).pointee)
    }

    /// Runs a function that writes to a connection: the signal of a broken one would end the process.
    private static func withoutBrokenPipes<Value>(_ body: () -> Value) -> Value {
        var (pipe, before, now) = (sigset_t(), sigset_t(), timespec())
        sigemptyset(&pipe)
        sigaddset(&pipe, SIGPIPE)
        pthread_sigmask(SIG_BLOCK, &pipe, &before)
        defer {
            // The one that came meanwhile is taken, or it would come now.
            while sigismember(&before, SIGPIPE) == 0, sigtimedwait(&pipe, nil, &now) == SIGPIPE {}
            pthread_sigmask(SIG_SETMASK, &before, nil)
        }
        return body()
    }

    private mutating func close() {
        if let context { redisFree(context) }
        context = nil
    }

    private mutating func connected() throws(WorkQueueError) -> UnsafeMutablePointer<redisContext> {
        if let context { return context }
        let limit = Self.time(patience)
        let made =
            switch address.place {
            case .host(let host, let port): redisConnectWithTimeout(host, port, limit)
            case .socket(let path): redisConnectUnixWithTimeout(path, limit)
            }
        guard let made else { throw .away("\(address.description): no memory") }
        guard made.pointee.err == 0 else {
            let reason = String(cString: redis_error_text(made))
            redisFree(made)
            throw .away("\(address.description): \(reason)")
        }
        context = made
        redisSetTimeout(made, limit)
        // On a socket of UNIX this would be an error, and end the connection.
        if case .host = address.place { redisEnableKeepAlive(made) }
        var greetings: [[RedisWord]] = []
        if let password = address.password {
            greetings.append(["AUTH"] + (address.user.map { [.init($0)] } ?? []) + [.init(password)])
        }
        if address.database != 0 { greetings.append(["SELECT", .init("\(address.database)")]) }
        for greeting in greetings {
            if case .error(let reason) = try command(greeting, on: made) {
                close()
                throw .refusing(reason)
            }
        }
        return made
    }

    private static func time(_ seconds: Double) -> timeval {
        timeval(tv_sec: Int(seconds), tv_usec: Int((seconds - seconds.rounded(.down)) * 1e6))
    }
}

/// A word of a command.
struct RedisWord: ExpressibleByStringLiteral, Sendable {
    let bytes: [UInt8]

    init(_ text: String) { bytes = Array(text.utf8) }
    init(bytes: [UInt8]) { self.bytes = bytes }
    init(stringLiteral text: String) { self.init(text) }
}
