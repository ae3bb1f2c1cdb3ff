/// An element of an XML document that is written.
struct XMLElement {
    private let name: String
    private let attributes: [(name: String, value: String)]
    private var children: [XMLElement] = []
    private var content = ""

    init(_ name: String, _ attributes: [(name: String, value: String)] = []) {
        self.name = name
        self.attributes = attributes
    }

    mutating func add(_ child: XMLElement) { children.append(child) }

    /// Adds an element that holds a text alone.
    mutating func add(_ name: String, _ text: String) {
        var child = XMLElement(name)
        child.content = text
        children.append(child)
    }

    func text(indent: String = "") -> String {
        let head = "<" + name + attributes.map { " \($0.name)=\"\(Self.escape($0.value))\"" }.joined() + ">"
        if children.isEmpty { return "\(indent)\(head)\(Self.escape(content))</\(name)>\n" }
        let inner = children.map { $0.text(indent: indent + "  ") }.joined()
        return "\(indent)\(head)\n\(inner)\(indent)</\(name)>\n"
    }

    /// Text without what XML gives a meaning, and without the characters that it allows nowhere.
    private static func escape(_ text: String) -> String {
        var escaped = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": escaped += "&amp;"
            case "<": escaped += "&lt;"
            case ">": escaped += "&gt;"
            case "\"": escaped += "&quot;"
            case "\t", "\n", "\r": escaped.unicodeScalars.append(scalar)
            case "\u{0}"..."\u{1F}", "\u{FFFE}", "\u{FFFF}": escaped += "\u{FFFD}"
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }
}
