import Foundation
import NIOCore
import NIOHTTP1

/// Answers the requests of one connection, one after another.
struct Connection {
    typealias Channel = NIOAsyncChannel<HTTPServerRequestPart, HTTPServerResponsePart>
    typealias Parts = NIOAsyncChannelInboundStream<HTTPServerRequestPart>.AsyncIterator
    typealias Writer = NIOAsyncChannelOutboundWriter<HTTPServerResponsePart>

    /// Bytes of a body that nobody wants and that are read all the same, so that the answer arrives.
    private static let drained = 1 << 20

    let router: Router
    let limits: DeskLimits
    let deadline: Deadline
    private let peer: Peer

    init(_ channel: any NIOCore.Channel, from peer: Peer, router: Router, limits: DeskLimits) {
        self.router = router
        self.limits = limits
        self.peer = peer
        deadline = Deadline(channel)
    }

    /// Works until the client leaves, or is too slow.
    func serve(_ channel: Channel) async {
        try? await channel.executeThenClose { inbound, outbound in
            defer { deadline.set(seconds: nil) }
            var parts = inbound.makeAsyncIterator()
            deadline.set(seconds: limits.headSeconds)
            while let part = try await parts.next() {
                guard case .head(let head) = part else { continue }
                guard try await answer(head, &parts, outbound) else { break }
                deadline.set(seconds: limits.idleSeconds)
            }
        }
    }

    /// Answers one request; false where the connection is to be closed.
    private func answer(_ head: HTTPRequestHead, _ parts: inout Parts, _ writer: Writer) async throws -> Bool {
        let start = ContinuousClock.now
        deadline.set(seconds: limits.bodySeconds)
        var body = Body(head)
        var response: Response
        var endpoint: Endpoint?
        do {
            let request = try Request(head, from: peer)
            let found = try router.resolve(request)
            endpoint = found
            response = try await self.response(to: request, found, head, &body, &parts, writer)
        } catch let error as ChannelError {
            throw error
        } catch {
            let refusal = Refusal(error)
            response = refusal.isForPeople(head) ? router.desk.page.refusal(refusal) : refusal.response
        }
        let isDrained = try await drain(&body, &parts)
        let stays = isDrained && head.isKeepAlive
        try await write(response, head, keepsAlive: stays, writer)
        router.desk.traffic.count(endpoint?.name ?? "none", response.status.code, start.duration(to: .now))
        return stays
    }

    private func response(
        to request: Request, _ endpoint: Endpoint, _ head: HTTPRequestHead, _ body: inout Body,
        _ parts: inout Parts,
        _ writer: Writer
    ) async throws -> Response {
        var request = request
        switch endpoint.body(request.method) {
        case .none: break
        case .small:
            guard body.declared ?? 0 <= limits.bodyBytes else { throw Refusal.tooLarge }
            try await invite(head, writer)
            while let piece = try await body.next(&parts) {
                request.body.append(contentsOf: piece.readableBytesView)
                guard request.body.count <= limits.bodyBytes else { throw Refusal.tooLarge }
            }
        case .upload:
            return try await receive(request, head, &body, &parts, writer)
        }
        return try await router.answer(request, endpoint)
    }

    /// Takes an upload in, piece by piece.
    private func receive(
        _ request: Request, _ head: HTTPRequestHead, _ body: inout Body, _ parts: inout Parts, _ writer: Writer
    ) async throws -> Response {
        guard let size = body.declared else {
            throw Refusal(.lengthRequired, "length_required", "An upload must say how long it is.")
        }
        let upload = try await router.readers.run { [desk = router.desk] in try Upload(request, bytes: size, desk) }
        try await invite(head, writer)
        deadline.set(seconds: limits.bodySeconds + Int64(size) / limits.bytesPerSecond)
        var pending = ByteBuffer()
        while let piece = try await body.next(&parts) {
            pending.writeImmutableBuffer(piece)
            if pending.readableBytes < 256 << 10 { continue }
            let bytes = pending
            pending = ByteBuffer()
            try await router.readers.run { try upload.append(bytes.readableBytesView) }
        }
        let rest = pending
        return try await router.readers.run {
            try upload.append(rest.readableBytesView)
            return try upload.finish()
        }
    }

    /// Tells a client that waits for it to go on with its body.
    private func invite(_ head: HTTPRequestHead, _ writer: Writer) async throws {
        guard head.headers["expect"].contains(where: { $0.lowercased() == "100-continue" }) else { return }
        try await writer.write(.head(HTTPResponseHead(version: head.version, status: .continue)))
    }

    /// Reads what is left of a body; false where that is too much, or nobody knows how much.
    private func drain(_ body: inout Body, _ parts: inout Parts) async throws -> Bool {
        guard var count = body.isOver ? 0 : body.declared, count <= Self.drained else { return false }
        while let piece = try await body.next(&parts) {
            count += piece.readableBytes
            guard count <= 2 * Self.drained else { return false }
        }
        return true
    }

    private func write(_ response: Response, _ request: HTTPRequestHead, keepsAlive: Bool, _ writer: Writer)
        async throws
    {
        var headers = Shield.headers
        for (name, value) in response.headers { headers.replaceOrAdd(name: name, value: value) }
        if !keepsAlive { headers.replaceOrAdd(name: "connection", value: "close") }
        switch response.body {
        case .data(let data) where response.status != .notModified:
            headers.replaceOrAdd(name: "content-length", value: "\(data.count)")
        case .file(_, let part): headers.replaceOrAdd(name: "content-length", value: "\(part.count)")
        case .data, .events: break
        }
        deadline.set(seconds: limits.bodySeconds)
        try await writer.write(
            .head(HTTPResponseHead(version: request.version, status: response.status, headers: headers)))
        if request.method != .HEAD {
            switch response.body {
            case .data(let data):
                if !data.isEmpty { try await writer.write(.body(.byteBuffer(ByteBuffer(bytes: data)))) }
            case .file(let file, let part): try await write(file, part, writer)
            case .events(let events):
                for await event in events {
                    deadline.set(seconds: limits.bodySeconds)
                    try await writer.write(.body(.byteBuffer(ByteBuffer(string: event))))
                    deadline.set(seconds: nil)
                }
            }
        }
        try await writer.write(.end(nil))
    }
}
