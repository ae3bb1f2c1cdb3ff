import Files
import Foundation
import NIOCore
import NIOHTTP1

extension Connection {
    private static let pieceBytes = 256 << 10

    /// Sends a part of a file, piece by piece; each has its own time.
    func write(_ file: Descriptor, _ part: Range<Int64>, _ writer: Writer) async throws {
        var sent = part.lowerBound
        while sent < part.upperBound {
            let (offset, count) = (sent, Int(min(Int64(Self.pieceBytes), part.upperBound - sent)))
            let piece = try await router.readers.run {
                try ByteBuffer(readingAt: offset, count: count, of: file)
            }
            // What was promised cannot be sent: only an end tells the client.
            guard piece.readableBytes > 0 else { throw ChannelError.eof }
            sent += Int64(piece.readableBytes)
            deadline.set(seconds: limits.bodySeconds)
            try await writer.write(.body(.byteBuffer(piece)))
        }
    }
}

extension ByteBuffer {
    fileprivate init(readingAt offset: Int64, count: Int, of file: Descriptor) throws {
        self = ByteBufferAllocator().buffer(capacity: count)
        try writeWithUnsafeMutableBytes(minimumWritableBytes: count) { bytes in
            while true {
                let got = pread(file.raw, bytes.baseAddress!, count, off_t(offset))
                if got >= 0 { return got }
                if errno != EINTR { throw FileError.last("read", "a picture") }
            }
        }
    }
}

/// The body of a request, piece by piece.
struct Body {
    /// Bytes that the client says it has; nil where it does not say.
    let declared: Int?
    private(set) var isOver = false

    init(_ head: HTTPRequestHead) {
        let isChunked = head.headers.contains(name: "transfer-encoding")
        declared = isChunked ? nil : head.headers["content-length"].first.map { Int($0) ?? .max } ?? 0
    }

    /// The next piece; nil after the last.
    mutating func next(_ parts: inout Connection.Parts) async throws -> ByteBuffer? {
        while !isOver {
            switch try await parts.next() {
            case .body(let piece): return piece
            case .head: continue
            case .end: isOver = true
            case nil: throw ChannelError.eof
            }
        }
        return nil
    }
}
