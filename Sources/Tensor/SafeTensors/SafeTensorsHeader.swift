import Foundation

/// The JSON header of a safetensors file, as written.
struct SafeTensorsHeader: Decodable {
    struct Description: Decodable {
        let dtype: String
        let shape: [Int]
        let dataOffsets: [Int]

        enum CodingKeys: String, CodingKey {
            case dtype, shape
            case dataOffsets = "data_offsets"
        }
    }

    private struct Name: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }
        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    private static let metadataKey = "__metadata__"

    let metadata: [String: String]
    let tensors: [String: Description]

    init(json: [UInt8], path: String) throws(SafeTensorsError) {
        // The format asks for this first byte, and it tells other files apart at once.
        guard json.first == UInt8(ascii: "{") else {
            throw SafeTensorsError(path: path, reason: .headerNotJSON("its header does not begin with a brace"))
        }
        do {
            self = try JSONDecoder().decode(Self.self, from: Data(json))
        } catch let error as DecodingError {
            throw SafeTensorsError(path: path, reason: .headerNotJSON(Self.explain(error)))
        } catch {
            throw SafeTensorsError(path: path, reason: .headerNotJSON("\(error)"))
        }
    }

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Name.self)
        var tensors: [String: Description] = [:]
        for key in container.allKeys where key.stringValue != Self.metadataKey {
            tensors[key.stringValue] = try container.decode(Description.self, forKey: key)
        }
        self.tensors = tensors
        metadata =
            try container.decodeIfPresent([String: String].self, forKey: Name(stringValue: Self.metadataKey)) ?? [:]
    }

    /// The tensors' places in a file whose data begin at `start` and end at `end`.
    func layOut(start: Int, end: Int, path: String) throws(SafeTensorsError) -> [String: SafeTensors.Entry] {
        func fail(_ reason: SafeTensorsError.Reason) -> SafeTensorsError {
            SafeTensorsError(path: path, reason: reason)
        }
        var entries: [String: SafeTensors.Entry] = [:]
        for (name, tensor) in tensors.sorted(by: { $0.key < $1.key }) {
            guard let type = SafeTensors.ElementType(rawValue: tensor.dtype) else {
                throw fail(.unknownType(tensor: name, type: tensor.dtype))
            }
            guard let length = Self.byteCount(tensor.shape, type) else {
                throw fail(.badShape(tensor: name, shape: tensor.shape))
            }
            let offsets = tensor.dataOffsets
            guard offsets.count == 2, offsets[0] >= 0, offsets[1] >= offsets[0], offsets[1] <= Int.max - start else {
                throw fail(.badOffsets(tensor: name, begin: offsets.first ?? -1, end: offsets.last ?? -1))
            }
            guard offsets[1] - offsets[0] == length else {
                throw fail(.wrongLength(tensor: name, expected: length, found: offsets[1] - offsets[0]))
            }
            entries[name] = .init(type: type, shape: tensor.shape, bytes: start + offsets[0]..<start + offsets[1])
        }
        // Empty tensors may share a place; the name makes the order, and so the error, definite.
        let order = entries.sorted {
            ($0.value.bytes.lowerBound, $0.value.bytes.upperBound, $0.key)
                < ($1.value.bytes.lowerBound, $1.value.bytes.upperBound, $1.key)
        }
        var position = start
        var previous = ""
        for (name, entry) in order {
            guard entry.bytes.lowerBound >= position else { throw fail(.overlap(tensor: name, with: previous)) }
            guard entry.bytes.lowerBound == position else { throw fail(.hole(before: name)) }
            (position, previous) = (entry.bytes.upperBound, name)
        }
        guard position <= end else { throw fail(.truncated(expected: position, found: end)) }
        guard position == end else { throw fail(.trailingBytes(end - position)) }
        return entries
    }

    private static func byteCount(_ shape: [Int], _ type: SafeTensors.ElementType) -> Int? {
        var bytes = type.size
        for length in shape {
            let (product, overflow) = bytes.multipliedReportingOverflow(by: length)
            guard length >= 0, !overflow else { return nil }
            bytes = product
        }
        return bytes
    }

    private static func explain(_ error: DecodingError) -> String {
        switch error {
        case .keyNotFound(let key, let context): "the header lacks \(path(context.codingPath + [key]))"
        case .typeMismatch(_, let context), .valueNotFound(_, let context):
            "the header's \(path(context.codingPath)) is of the wrong kind"
        case .dataCorrupted(let context) where !context.codingPath.isEmpty:
            "the header's \(path(context.codingPath)) is of the wrong kind"
        default: "the header is not valid JSON"
        }
    }

    private static func path(_ keys: [any CodingKey]) -> String {
        keys.isEmpty ? "content" : keys.map { $0.intValue.map(String.init) ?? $0.stringValue }.joined(separator: "/")
    }
}
