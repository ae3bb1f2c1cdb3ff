import Foundation
import Service

/// Where the desk listens, and who may come in.
package struct DeskOptions: Sendable {
    /// The place of the door.
    package enum Place: Sendable, Equatable {
        case address(host: String, port: Int)
        /// The path of a UNIX socket.
        case socket(String)
    }

    package var place = Place.address(host: "127.0.0.1", port: 8420)
    /// The file of the token that whoever comes must know; nil: nobody is asked.
    package var tokenFile: String?
    /// Names besides those of this machine's loopback under which browsers reach the desk, as behind a proxy.
    package var names: [String] = []
    /// The header in which a proxy names the user whom it lets in; nil: none is believed.
    package var userHeader: String?
    /// Addresses whose header is believed, besides UNIX sockets.
    package var proxies: [String] = []
    package var limits = DeskLimits()

    package init() {}

    /// Throws where users could be named by nobody, or by anybody.
    package func validate() throws {
        if let proxy = proxies.first(where: { !Door.isAddress($0) }) { throw DeskStartError.proxy(proxy) }
        guard let userHeader else { return }
        let isName =
            !userHeader.isEmpty && userHeader.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-") }
        // What any browser sends is no name.
        let known = ["host", "cookie", "origin", "authorization", "user-agent", "referer", "accept"]
        guard isName, !known.contains(userHeader.lowercased()) else { throw DeskStartError.userHeader(userHeader) }
        if case .address = place, proxies.isEmpty, tokenFile == nil { throw DeskStartError.nobody(userHeader) }
    }

    /// Reads a place as the command line writes it: `HOST:PORT`, with brackets around an IPv6 address.
    package static func place(_ text: String) throws -> Place {
        guard let colon = text.lastIndex(of: ":"), let port = Int(text[text.index(after: colon)...]),
            (0...65535).contains(port)
        else { throw DeskStartError.place(text) }
        var host = String(text[..<colon])
        if host.hasPrefix("["), host.hasSuffix("]") { host = String(host.dropFirst().dropLast()) }
        guard !host.isEmpty, !host.contains("[") else { throw DeskStartError.place(text) }
        return .address(host: host, port: port)
    }
}

/// What a client may ask of the desk.
package struct DeskLimits: Sendable {
    package var connections = 512
    package var eventStreams = 64
    /// Bytes of a request's line and headers.
    package var headBytes = 32 << 10
    package var headFields = 64
    /// Bytes of a JSON body.
    package var bodyBytes = 64 << 10
    /// Seconds for the first request's head on a new connection.
    package var headSeconds: Int64 = 15
    /// Seconds that a connection may wait for its next request's head.
    package var idleSeconds: Int64 = 60
    /// Seconds for a JSON body, and for each piece of an answer.
    package var bodySeconds: Int64 = 30
    /// A body that is slower than this, in bytes a second, is given up.
    package var bytesPerSecond: Int64 = 32 << 10
    /// Requests that wait for a thread at once.
    package var waiting = 256

    package init() {}
}

/// Why the desk cannot open.
package enum DeskStartError: Error, CustomStringConvertible, Equatable {
    case place(String)
    case tokenNeeded(String)
    case token(file: String, String)
    case socket(String)
    case page(String)
    case proxy(String)
    case userHeader(String)
    /// Nobody is believed who sends the header, and there is no other way in.
    case nobody(String)

    package var description: String {
        switch self {
        case .place(let text): "'\(text)' is not HOST:PORT"
        case .tokenNeeded(let address):
            "\(address) can be reached from other machines: that needs --token-file, a file with a secret of 16 characters or more"
        case .token(let file, let reason): "\(file): \(reason)"
        case .socket(let reason): reason
        case .page(let reason): reason
        case .proxy(let text): "the proxy '\(text)' is no address in numbers"
        case .nobody(let header):
            "\(header) is believed from nobody: that needs --proxy, a UNIX socket, or --token-file beside it"
        case .userHeader(let text): "'\(text)' is no header in which a proxy names users, such as Remote-User"
        }
    }
}
