/// Any JSON, kept as it is.
enum JSONValue: Codable, Equatable {
    case null
    case bool(Bool)
    case number(Double)
    case string(String)
    case array([JSONValue])
    case object([String: JSONValue])

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            self = .null
        } else if let value = try? container.decode(Bool.self) {
            self = .bool(value)
        } else if let value = try? container.decode(Double.self) {
            self = .number(value)
        } else if let value = try? container.decode(String.self) {
            self = .string(value)
        } else if let value = try? container.decode([JSONValue].self) {
            self = .array(value)
        } else {
            self = .object(try container.decode([String: JSONValue].self))
        }
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .null: try container.encodeNil()
        case .bool(let value): try container.encode(value)
        case .number(let value): try container.encode(value)
        case .string(let value): try container.encode(value)
        case .array(let value): try container.encode(value)
        case .object(let value): try container.encode(value)
        }
    }

    /// For people: `key: value` lines, long lists left out.
    var lines: [String] {
        switch self {
        case .object(let members):
            members.sorted { $0.key < $1.key }.flatMap { key, value -> [String] in
                switch value {
                case .object: ["\(key):"] + value.lines.map { "  " + $0 }
                case .array(let items):
                    items.allSatisfy(\.isObject) && !items.isEmpty
                        ? ["\(key):"] + items.flatMap { $0.lines.map { "  " + $0 } + [""] }.dropLast()
                        : ["\(key): \(items.count) entries"]
                default: ["\(key): \(value.scalar)"]
                }
            }
        default: [scalar]
        }
    }

    private var isObject: Bool { if case .object = self { true } else { false } }

    private var scalar: String {
        switch self {
        case .null: "none recorded"
        case .bool(let value): "\(value)"
        case .number(let value): value == value.rounded() && abs(value) < 1e15 ? "\(Int(value))" : "\(value)"
        case .string(let value): value
        case .array(let value): "\(value.count) entries"
        case .object: ""
        }
    }
}
