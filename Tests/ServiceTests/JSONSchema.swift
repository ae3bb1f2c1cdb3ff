import Foundation

/// Holds documents against a JSON Schema, as far as the project's schemas use the language.
struct JSONSchema {
    private static let checked: Set<String> = [
        "type", "properties", "required", "additionalProperties", "items", "const", "enum", "pattern", "format",
        "minimum", "maximum", "exclusiveMinimum",
    ]
    private static let described: Set<String> = ["$schema", "title", "description"]

    private let root: [String: Any]

    init(_ text: String) throws {
        root = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any] ?? [:]
    }

    /// What is wrong with a document, each with its place; empty where nothing is.
    func problems(_ document: Data) throws -> [String] {
        Self.problems(try JSONSerialization.jsonObject(with: document), root, at: "$")
    }

    private static func problems(_ value: Any, _ schema: [String: Any], at place: String) -> [String] {
        var found: [String] = []
        for key in schema.keys where !checked.contains(key) && !described.contains(key) {
            found.append("\(place): the schema says '\(key)', which this checker does not know")
        }
        let types = (schema["type"] as? String).map { [$0] } ?? schema["type"] as? [String] ?? []
        if !types.isEmpty, !types.contains(where: { isOfType(value, $0) }) {
            return found + ["\(place): is no " + types.joined(separator: " or ")]
        }
        if let constant = schema["const"], !equal(value, constant) { found.append("\(place): is not \(constant)") }
        if let choices = schema["enum"] as? [Any], !choices.contains(where: { equal(value, $0) }) {
            found.append("\(place): \(value) is none of \(choices)")
        }
        if let number = value as? NSNumber {
            if let least = schema["minimum"] as? Double, number.doubleValue < least {
                found.append("\(place): \(number) is below \(least)")
            }
            if let least = schema["exclusiveMinimum"] as? Double, number.doubleValue <= least {
                found.append("\(place): \(number) is not above \(least)")
            }
            if let most = schema["maximum"] as? Double, number.doubleValue > most {
                found.append("\(place): \(number) is above \(most)")
            }
        }
        if let text = value as? String {
            if let pattern = schema["pattern"] as? String, (try? Regex(pattern).firstMatch(in: text)) == nil {
                found.append("\(place): '\(text)' is not like \(pattern)")
            }
            if schema["format"] as? String == "date-time", ISO8601DateFormatter().date(from: text) == nil {
                found.append("\(place): '\(text)' is no date and time")
            }
        }
        if let members = value as? [String: Any] {
            let known = schema["properties"] as? [String: [String: Any]] ?? [:]
            for name in schema["required"] as? [String] ?? [] where members[name] == nil {
                found.append("\(place): '\(name)' is missing")
            }
            for (name, member) in members.sorted(by: { $0.key < $1.key }) {
                if let schema = known[name] {
                    found += problems(member, schema, at: place + "." + name)
                } else if let others = schema["additionalProperties"] as? [String: Any] {
                    found += problems(member, others, at: place + "." + name)
                } else if schema["additionalProperties"] as? Bool == false {
                    found.append("\(place): '\(name)' is not described")
                }
            }
        }
        if let items = value as? [Any], let schema = schema["items"] as? [String: Any] {
            for (index, item) in items.enumerated() { found += problems(item, schema, at: "\(place)[\(index)]") }
        }
        return found
    }

    private static func isOfType(_ value: Any, _ type: String) -> Bool {
        switch type {
        case "object": value is [String: Any]
        case "array": value is [Any]
        case "string": value is String
        case "boolean": isBoolean(value)
        case "number": value is NSNumber && !isBoolean(value)
        case "integer":
            !isBoolean(value) && (value as? NSNumber).map { $0.doubleValue.rounded() == $0.doubleValue } == true
        case "null": value is NSNull
        default: false
        }
    }

    private static func isBoolean(_ value: Any) -> Bool {
        (value as? NSNumber).map { String(cString: $0.objCType) == "c" } ?? (value is Bool)
    }

    private static func equal(_ a: Any, _ b: Any) -> Bool { (a as? NSObject) == (b as? NSObject) }
}
