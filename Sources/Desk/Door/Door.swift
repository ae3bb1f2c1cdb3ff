import Foundation
import NIOHTTP1

/// Says of each request whether it may come in.
///
/// Names of hosts are held against a list, since a stranger's page may give its own name this machine's address. An
/// origin alone would not tell: it is that same name.
struct Door: Sendable {
    static let cookie = "autochrome"
    let secrets: Secrets
    /// Lower case.
    private let names: Set<String>
    /// Nil where no proxy names users.
    private let users: NamedUsers?

    /// How a request may come in.
    enum Access { case anybody, visitor, writer }

    init(secrets: Secrets, names: [String], users: NamedUsers? = nil) {
        self.secrets = secrets
        self.users = users
        self.names = Set(names.map { $0.lowercased() }).union(["localhost"])
    }

    /// Throws the reason why a request may not come in.
    func check(_ request: Request, _ access: Access, isNavigation: Bool) throws {
        guard let host = request.header("host"), let name = Self.name(ofHost: host), isKnown(name) else {
            throw Refusal.forbidden("The desk does not go by this name; --name adds one.")
        }
        try checkOrigin(request, host: host, mayNavigate: isNavigation && access != .writer)
        if access == .anybody { return }
        let isBearer = secrets.needsToken && bearer(request).map(secrets.isToken) ?? false
        let isOpen = !secrets.needsToken && users == nil
        guard isOpen || isBearer || session(request) != nil else {
            throw Refusal(
                .unauthorized, "unauthorized",
                secrets.needsToken ? "The token is missing or wrong." : "The proxy has named nobody.")
        }
        // What a browser or a proxy adds by itself is no proof; a token in a header is.
        if access == .writer, !isBearer {
            try checkWriteToken(request.header("x-csrf-token"), request)
        }
    }

    /// Throws unless a text is what the session's pages show with each write.
    func checkWriteToken(_ text: String?, _ request: Request) throws {
        guard let text, secrets.isWriteToken(text, session: session(request) ?? "") else {
            throw Refusal.forbidden("The page is out of date: load it again.")
        }
    }

    /// What the session's pages must show with each write.
    func writeToken(_ request: Request) -> String { secrets.writeToken(session: session(request) ?? "") }

    /// Who made a request, where a proxy says so that is believed.
    func user(_ request: Request) -> String? { users?.user(request) }

    /// The request's session, as which a user counts who is named; nil where it has none.
    private func session(_ request: Request) -> String? {
        if let user = user(request) { return "user \(user)" }
        guard secrets.needsToken else { return nil }
        for header in request.headers["cookie"] {
            for pair in header.split(separator: ";") {
                let sides = pair.drop { $0 == " " }.split(separator: "=", maxSplits: 1)
                if sides.count == 2, sides[0] == Self.cookie, secrets.isSession(sides[1]) { return String(sides[1]) }
            }
        }
        return nil
    }

    private func bearer(_ request: Request) -> Substring? {
        guard let text = request.header("authorization"), text.lowercased().hasPrefix("bearer ") else { return nil }
        return text.dropFirst("bearer ".count)
    }

    /// Throws where a page of another origin asks.
    private func checkOrigin(_ request: Request, host: String, mayNavigate: Bool) throws {
        let foreign = Refusal.forbidden("Another site's page asked for it.")
        if !request.headers["origin"].isEmpty {
            // Behind a proxy the scheme is the proxy's.
            guard let origin = request.header("origin"), let scheme = origin.firstRange(of: "://"),
                ["http", "https"].contains(origin[..<scheme.lowerBound]),
                origin[scheme.upperBound...].lowercased() == host.lowercased()
            else { throw foreign }
        }
        guard let site = request.header("sec-fetch-site"), site != "same-origin", site != "none" else { return }
        // A link on another page may lead here, as long as it only shows something.
        let isNavigation =
            request.header("sec-fetch-mode") == "navigate"
            && request.header("sec-fetch-dest") == "document"
        guard mayNavigate, isNavigation, request.method == .GET else { throw foreign }
    }

    /// A number stands for no name that a stranger's server could give out.
    private func isKnown(_ name: String) -> Bool {
        names.contains(name) || Self.isAddress(name)
    }

    /// The name in a Host header, in lower case and without port; nil where there is none.
    static func name(ofHost host: String) -> String? {
        var name = host.lowercased()[...]
        if name.hasPrefix("[") {
            guard let end = name.firstIndex(of: "]") else { return nil }
            let port = name[name.index(after: end)...]
            guard port.isEmpty || isPort(port) else { return nil }
            return String(name[name.index(after: name.startIndex)..<end])
        }
        if let colon = name.firstIndex(of: ":") {
            guard isPort(name[colon...]) else { return nil }
            name = name[..<colon]
        }
        return name.isEmpty ? nil : String(name)
    }

    private static func isPort(_ text: Substring) -> Bool {
        text.first == ":" && text.count <= 6 && text.dropFirst().allSatisfy { $0.isASCII && $0.isNumber }
    }

    static func isAddress(_ name: String) -> Bool {
        canonical(name) != nil
    }

    /// An address in the one way of writing; one of IPv4 in IPv6 as what it is, and nil for what is none.
    static func canonical(_ address: String) -> String? {
        var (four, six) = (in_addr(), in6_addr())
        var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        if inet_pton(AF_INET, address, &four) == 1 {
            inet_ntop(AF_INET, &four, &text, socklen_t(text.count))
        } else if inet_pton(AF_INET6, address, &six) == 1 {
            inet_ntop(AF_INET6, &six, &text, socklen_t(text.count))
        } else {
            return nil
        }
        let written = String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
        let mapped = "::ffff:"
        return written.hasPrefix(mapped) && written.contains(".") ? String(written.dropFirst(mapped.count)) : written
    }

    static func isLoopback(_ address: String) -> Bool {
        var (four, six) = (in_addr(), in6_addr())
        if inet_pton(AF_INET, address, &four) == 1 { return UInt32(bigEndian: four.s_addr) >> 24 == 127 }
        guard inet_pton(AF_INET6, address, &six) == 1 else { return false }
        return withUnsafeBytes(of: &six) { $0.dropLast().allSatisfy { $0 == 0 } && $0.last == 1 }
    }
}
