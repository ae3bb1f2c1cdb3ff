import Foundation

/// An answer as it came.
package struct Answer {
    /// What came is no answer, or its body no object of JSON.
    package struct Unexpected: Error {
        package let text: String
    }

    package let status: Int
    package let headers: [String: String]
    package let body: Data

    package init(_ bytes: Data) throws {
        // A connection that broke off has none.
        guard let end = bytes.firstRange(of: Data("\r\n\r\n".utf8)) else { throw POSIXError(.ECONNRESET) }
        let lines = String(decoding: bytes[..<end.lowerBound], as: UTF8.self).components(separatedBy: "\r\n")
        let words = lines[0].split(separator: " ")
        guard words.count > 1, let status = Int(words[1]) else { throw Unexpected(text: lines[0]) }
        self.status = status
        var headers: [String: String] = [:]
        for line in lines.dropFirst() {
            let sides = line.split(separator: ":", maxSplits: 1).map { $0.trimmingCharacters(in: .whitespaces) }
            if sides.count == 2 { headers[sides[0].lowercased()] = sides[1] }
        }
        self.headers = headers
        body =
            headers["transfer-encoding"] == "chunked" ? Self.joined(bytes[end.upperBound...]) : bytes[end.upperBound...]
    }

    package var text: String { String(decoding: body, as: UTF8.self) }

    package func json() throws -> [String: Any] {
        guard let object = try JSONSerialization.jsonObject(with: body) as? [String: Any] else {
            throw Unexpected(text: text)
        }
        return object
    }

    /// The chunks of a body, joined.
    private static func joined(_ bytes: Data) -> Data {
        var (rest, body) = (bytes[...], Data())
        while let end = rest.firstRange(of: Data("\r\n".utf8)),
            let size = Int(String(decoding: rest[rest.startIndex..<end.lowerBound], as: UTF8.self), radix: 16), size > 0
        {
            body += rest[end.upperBound...].prefix(size)
            rest = rest[end.upperBound...].dropFirst(size + 2)
        }
        return body
    }
}

extension Wire {
    /// The answer to what was sent, which ends where the other side closes.
    package func answer() throws -> Answer { try Answer(readToEnd()) }
}
