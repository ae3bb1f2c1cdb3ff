import NIOCore
import NIOHTTP1

/// Closes a connection whose request line and headers do not end: the parser keeps a line in memory however long it is.
///
/// One part stands before the parser and counts, the other behind it and says when a head begins.
final class HeadLimit: Sendable {
    /// Used on the connection's event loop alone.
    private let count: NIOLoopBound<Count>
    private let limit: Int

    private final class Count {
        /// Bytes of the head that is coming in; nil while a body does.
        var bytes: Int? = 0
    }

    init(_ limit: Int, loop: any EventLoop) {
        self.limit = limit
        count = NIOLoopBound(Count(), eventLoop: loop)
    }

    var before: Before { Before(self) }
    var behind: Behind { Behind(self) }

    final class Before: ChannelInboundHandler, Sendable {
        typealias InboundIn = ByteBuffer
        private let limit: HeadLimit
        fileprivate init(_ limit: HeadLimit) { self.limit = limit }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            let count = limit.count.value
            if let bytes = count.bytes {
                guard bytes <= limit.limit else { return context.close(promise: nil) }
                // The head may end within this piece; the part behind the parser then says so.
                count.bytes = bytes + unwrapInboundIn(data).readableBytes
            }
            context.fireChannelRead(data)
        }
    }

    final class Behind: ChannelInboundHandler, Sendable {
        typealias InboundIn = HTTPServerRequestPart
        private let limit: HeadLimit
        fileprivate init(_ limit: HeadLimit) { self.limit = limit }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            switch unwrapInboundIn(data) {
            case .head: limit.count.value.bytes = nil
            case .body: break
            case .end: limit.count.value.bytes = 0
            }
            context.fireChannelRead(data)
        }
    }
}
