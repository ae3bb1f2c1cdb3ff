/// Whom a proxy lets in, by a header with the user's name.
///
/// Anybody can send a header: it is believed where it comes through a UNIX socket, or from an address that was named.
struct NamedUsers: Sendable {
    /// The header's name.
    let header: String
    /// Addresses of proxies, in the one way of writing.
    private let proxies: Set<String>
    private static let longestName = 200

    init(header: String, proxies: [String]) {
        self.header = header
        self.proxies = Set(proxies.map { Door.canonical($0) ?? $0 })
    }

    /// Who made a request; nil where nobody says so who is believed.
    func user(_ request: Request) -> String? {
        guard isBelieved(request.peer), let name = request.header(header), !name.isEmpty,
            name.utf8.count <= Self.longestName,
            name.unicodeScalars.allSatisfy({ $0.value >= 0x20 && $0.value != 0x7F })
        else { return nil }
        return name
    }

    private func isBelieved(_ peer: Peer) -> Bool {
        switch peer {
        case .socket: true
        case .address(let address): proxies.contains(address)
        }
    }
}

/// Where a connection comes from.
enum Peer: Sendable {
    /// A UNIX socket.
    case socket
    /// An address in numbers, in the one way of writing.
    case address(String)

    init(address: String?) {
        self = .address(address.map { Door.canonical($0) ?? $0 } ?? "")
    }
}
