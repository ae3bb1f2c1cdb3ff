import Foundation
import NIOHTTP1
import Service

/// One request, its address taken apart.
struct Request: Sendable {
    /// GET for HEAD, which is answered as if it were.
    let method: HTTPMethod
    let isHead: Bool
    /// The names of its path, decoded.
    let path: [String]
    let query: [String: String]
    let headers: HTTPHeaders
    let peer: Peer
    var body = Data()

    /// A cursor holds a path.
    static let longestAddress = 8192

    /// - Throws: `Refusal` where the address cannot be read.
    init(_ head: HTTPRequestHead, from peer: Peer) throws {
        self.peer = peer
        isHead = head.method == .HEAD
        method = isHead ? .GET : head.method
        headers = head.headers
        guard head.uri.utf8.count <= Self.longestAddress else {
            throw Refusal(.uriTooLong, "too_long", "The address is too long.")
        }
        guard head.uri.hasPrefix("/") else { throw Refusal.badRequest("The address does not begin with a slash.") }
        let parts = head.uri.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        path = try parts[0].dropFirst().split(separator: "/", omittingEmptySubsequences: false).map(Self.decoded)
        var query: [String: String] = [:]
        for pair in parts.count > 1 ? parts[1].split(separator: "&") : [] {
            let sides = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let value = sides.count > 1 ? sides[1].replacing("+", with: " ") : ""
            guard query.updateValue(try Self.decoded(value[...]), forKey: try Self.decoded(sides[0])) == nil else {
                throw Refusal.badRequest("A parameter is given twice.")
            }
        }
        self.query = query
    }

    private static func decoded(_ text: Substring) throws -> String {
        guard let decoded = String(text).removingPercentEncoding, !decoded.utf8.contains(0) else {
            throw Refusal.badRequest("The address is not UTF-8, or holds a NUL.")
        }
        return decoded
    }

    /// A header that must not be given twice; nil where it is absent.
    func header(_ name: String) -> String? {
        let values = headers[name]
        return values.count == 1 ? values[0] : nil
    }

    /// A whole number of the query.
    func number(_ name: String, in range: ClosedRange<Int>, default value: Int) throws -> Int {
        guard let text = query[name] else { return value }
        guard let number = Int(text), range.contains(number), String(number) == text else {
            throw Refusal.badRequest("\(name) must be a whole number from \(range.lowerBound) to \(range.upperBound).")
        }
        return number
    }

    /// The body as a JSON object.
    ///
    /// - Parameter members: Those that it may have; nil for any.
    func json<Value: Decodable>(_ type: Value.Type, members: Set<String>?) throws -> Value {
        let media = (header("content-type") ?? "").split(separator: ";").first.map { $0.lowercased() }
        guard media?.trimmingCharacters(in: .whitespaces) == "application/json" else {
            throw Refusal(.unsupportedMediaType, "unsupported_type", "The body must be application/json.")
        }
        do {
            if let members {
                let given = try JSONDecoder().decode([String: JSONValue].self, from: body)
                if let other = given.first(where: { !members.contains($0.key) || $0.value == .null }) {
                    throw Refusal.badRequest("'\(other.key)' is unknown, or null.")
                }
            }
            return try JSONDecoder().decode(type, from: body)
        } catch DecodingError.dataCorrupted(let context) {
            throw Refusal.badRequest("The body is not as it must be: \(context.debugDescription)")
        } catch DecodingError.keyNotFound(let key, _) {
            throw Refusal.badRequest("The body lacks \(key.stringValue).")
        } catch DecodingError.typeMismatch(_, let context), DecodingError.valueNotFound(_, let context) {
            let place = context.codingPath.map(\.stringValue).joined(separator: ".")
            throw Refusal.badRequest("\(place.isEmpty ? "The body" : place) is of the wrong type.")
        }
    }
}
