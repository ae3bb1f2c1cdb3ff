import Foundation
import Spool

/// Where a Redis server is and how to be let in: `redis://[USER:PASSWORD@]HOST[:PORT][/DB]` or `unix:///PATH[?db=N]`.
package struct RedisAddress: Equatable, Sendable {
    package enum Place: Equatable, Sendable {
        case host(String, port: Int32)
        case socket(String)
    }

    package let place: Place
    package let database: Int
    package let user: String?
    package let password: String?

    package init(_ text: String) throws(WorkQueueError) {
        guard let parts = URLComponents(string: text) else { throw Self.error("is no address", text) }
        user = parts.user.flatMap { $0.isEmpty ? nil : $0 }
        password = parts.password.flatMap { $0.isEmpty ? nil : $0 }
        switch parts.scheme {
        case "redis":
            guard let host = parts.host, !host.isEmpty else { throw Self.error("names no host", text) }
            // An address of IPv6 stands in brackets there.
            place = .host(host.trimmingCharacters(in: ["[", "]"]), port: Int32(parts.port ?? 6379))
            let name = parts.path.drop { $0 == "/" }
            guard let number = name.isEmpty ? 0 : Int(name), number >= 0 else {
                throw Self.error("has no number of a database after the host", text)
            }
            database = number
        case "unix":
            guard parts.path.hasPrefix("/") else { throw Self.error("names no socket", text) }
            place = .socket(parts.path)
            let number = parts.queryItems?.first { $0.name == "db" }?.value ?? "0"
            guard let number = Int(number), number >= 0 else { throw Self.error("has no number after db=", text) }
            database = number
        case "rediss":
            throw Self.error("asks for TLS, which is stunnel's or WireGuard's to do: see docs/machines.md", text)
        default:
            throw Self.error("must begin with redis:// or unix://", text)
        }
    }

    /// The address without the password, for messages.
    package var description: String {
        switch place {
        case .host(let host, let port): "\(host):\(port)/\(database)"
        case .socket(let path): "\(path), database \(database)"
        }
    }

    private static func error(_ reason: String, _ text: String) -> WorkQueueError {
        // A password is nothing for a log.
        .address("the queue's address \(reason): \(text.contains("@") ? "…" + text.drop { $0 != "@" } : text)")
    }
}
