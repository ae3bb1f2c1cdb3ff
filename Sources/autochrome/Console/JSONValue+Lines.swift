import Service

extension JSONValue {
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
        case .integer(let value): "\(value)"
        case .number(let value): value == value.rounded() && abs(value) < 1e15 ? "\(Int(value))" : "\(value)"
        case .string(let value): value
        case .array(let value): "\(value.count) entries"
        case .object: ""
        }
    }
}
