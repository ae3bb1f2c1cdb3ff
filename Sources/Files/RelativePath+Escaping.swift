import Foundation

extension RelativePath: CustomStringConvertible, Codable {
    /// The path on one line of plain text, from which `init(escaped:)` gets every byte back.
    ///
    /// Ordinary names read as they are. A backslash doubles; control characters, those that reorder or hide text, and
    /// bytes that are not UTF-8 become `\xNN`.
    package var description: String { Self.escape(bytes[...]) }

    /// The last name in the same form.
    package var escapedName: String { Self.escape(name) }

    /// The path that `description` gave, or nil for a text it never gives.
    package init?(escaped text: String) {
        guard let bytes = Self.unescape(text) else { return nil }
        self.init(bytes: bytes)
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let path = RelativePath(escaped: try container.decode(String.self)) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "not a relative path")
        }
        self = path
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }

    /// Bytes as one line of text.
    package static func escape(_ bytes: ArraySlice<UInt8>) -> String {
        // Most names, and quick: an outbox may have a million of them.
        if bytes.allSatisfy({ 0x20..<0x7F ~= $0 && $0 != UInt8(ascii: "\\") }) {
            return String(decoding: bytes, as: UTF8.self)
        }
        var text = ""
        var rest = bytes
        while let byte = rest.first {
            let length = byte < 0x80 ? 1 : byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : 4
            let head = rest.prefix(length)
            if let character = String(validating: head, as: UTF8.self), isPlain(character.unicodeScalars) {
                text += character == "\\" ? "\\\\" : character
                rest = rest.dropFirst(length)
            } else {
                text += "\\x" + hexadecimal(byte)
                rest = rest.dropFirst()
            }
        }
        return text
    }

    private static func unescape(_ text: String) -> [UInt8]? {
        var bytes = [UInt8]()
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "\\") else {
                bytes.append(byte)
                continue
            }
            switch rest.popFirst() {
            case UInt8(ascii: "\\"):
                bytes.append(byte)
            case UInt8(ascii: "x"):
                guard let digits = String(rest.prefix(2)), digits.utf8.count == 2,
                    digits.utf8.allSatisfy({ isxdigit(Int32($0)) != 0 }), let value = UInt8(digits, radix: 16)
                else { return nil }
                bytes.append(value)
                rest = rest.dropFirst(2)
            default:
                return nil
            }
        }
        return bytes
    }

    private static func isPlain(_ scalars: String.UnicodeScalarView) -> Bool {
        // A sequence of the length that its first byte announces may still decode to several scalars.
        guard scalars.count == 1, let scalar = scalars.first else { return false }
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .unassigned, .privateUse: return false
        default: return true
        }
    }

    private static func hexadecimal(_ byte: UInt8) -> String {
        (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
    }
}
