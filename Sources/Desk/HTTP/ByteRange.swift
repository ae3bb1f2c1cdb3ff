import Files
import NIOHTTP1

/// The part of a file that a request wants (RFC 9110, section 14).
enum ByteRange: Equatable {
    case whole
    case part(Range<Int64>)
    /// None of it is there.
    case unsatisfiable

    /// Reads a Range header; several ranges, and what is no range of bytes, are answered with the whole.
    init(_ header: String?, of bytes: Int64) {
        self = .whole
        guard let header, header.lowercased().hasPrefix("bytes=") else { return }
        let sides = header.dropFirst("bytes=".count).split(separator: "-", omittingEmptySubsequences: false)
        guard sides.count == 2, sides.allSatisfy({ $0.allSatisfy { $0.isASCII && $0.isNumber } }) else { return }
        // A number of more digits is beyond any file.
        let numbers = sides.map { $0.isEmpty ? nil : Int64($0) ?? .max }
        switch (numbers[0], numbers[1]) {
        case (nil, nil): break
        case (nil, let length?):
            self = length > 0 && bytes > 0 ? .part(max(0, bytes - length)..<bytes) : .unsatisfiable
        case (let first?, let last):
            guard first <= last ?? .max else { return }
            self = first < bytes ? .part(first..<min(last ?? .max, bytes - 1) + 1) : .unsatisfiable
        }
    }

    /// What a request wants of a file; the whole where the part that it has is another file's, and for any but GET.
    init(_ request: Request, tag: String, of bytes: Int64) {
        let condition = request.header("if-range")
        let isMeant = request.method == .GET && !request.isHead && (condition == nil || condition == tag)
        self.init(isMeant ? request.header("range") : nil, of: bytes)
    }
}

extension Response {
    /// A file, or the part of it that is wanted.
    ///
    /// - Throws: `Refusal` where the part is not there.
    init(file: Descriptor, bytes: Int64, type: String, _ range: ByteRange) throws {
        status = .ok
        headers = ["content-type": type, "accept-ranges": "bytes"]
        switch range {
        case .whole: body = .file(file, 0..<bytes)
        case .part(let part):
            status = .partialContent
            headers.add(name: "content-range", value: "bytes \(part.lowerBound)-\(part.upperBound - 1)/\(bytes)")
            body = .file(file, part)
        case .unsatisfiable:
            var refusal = Refusal(.rangeNotSatisfiable, "range_not_satisfiable", "The file is shorter than that.")
            refusal.headers = ["content-range": "bytes */\(bytes)"]
            throw refusal
        }
    }
}
