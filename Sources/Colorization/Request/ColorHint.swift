import Foundation

/// A color that a person knows of a place in a photograph.
///
/// Its JSON is `{"x": 120, "y": "45.5%", "color": "#AA3322", "radius": 12}`.
package struct ColorHint: Sendable, Hashable {
    /// A length along a side of the upright picture.
    package enum Measure: Sendable, Hashable {
        /// Whole pixels; a place's are counted from 0.
        case pixels(Int)
        /// A share of the side, 0 to 100.
        case percent(Double)
    }

    /// A color in sRGB, 8 bits each.
    package struct RGB: Sendable, Hashable {
        package var red: UInt8
        package var green: UInt8
        package var blue: UInt8

        package init(red: UInt8, green: UInt8, blue: UInt8) {
            (self.red, self.green, self.blue) = (red, green, blue)
        }
    }

    package var x: Measure
    package var y: Measure
    package var color: RGB
    /// How far around the place the color surely holds; a percentage is of the longer side; nil leaves that to the network.
    package var radius: Measure?

    /// More hints than these are refused.
    package static let limit = 1000

    package init(x: Measure, y: Measure, color: RGB, radius: Measure? = nil) {
        self.x = x
        self.y = y
        self.color = color
        self.radius = radius
    }

    /// A canonical text, which holds no blank: equal texts are equal hints.
    package var key: String { "\(x),\(y)\(radius.map { ",\($0)" } ?? "")=\(color)" }
}

extension ColorHint {
    /// Reads a hint as the command line writes it: `X,Y=#RRGGBB`, X and Y in pixels or as `12.5%`.
    ///
    /// - Throws: `ColorizationError.hint`, which names the text.
    package init(_ text: String) throws(ColorizationError) {
        let parts = text.split(separator: "=", omittingEmptySubsequences: false)
        let place = parts[0].split(separator: ",", omittingEmptySubsequences: false)
        guard parts.count == 2, place.count == 2 else {
            throw .hint(text, "is not X,Y=#RRGGBB, such as 120,80=#8A2B1E or 25%,40%=#8A2B1E")
        }
        guard let x = Measure(place[0]), let y = Measure(place[1]) else {
            throw .hint(text, "has no place: X and Y are whole pixels, from 0, or 0% to 100%")
        }
        guard let color = RGB(parts[1]) else { throw .hint(text, "has no colour of the form #RRGGBB") }
        self.init(x: x, y: y, color: color)
    }
}

extension ColorHint.Measure: CustomStringConvertible {
    /// Reads `12` or `12.5%`; nil where it is neither, below 0 or above 100 %.
    package init?(_ text: some StringProtocol) {
        if text.hasSuffix("%") {
            guard text.first?.isNumber == true, let share = Double(text.dropLast()), (0...100).contains(share) else {
                return nil
            }
            self = .percent(share)
        } else {
            guard text.allSatisfy({ $0.isASCII && $0.isNumber }), let count = Int(text), count <= Int(Int32.max) else {
                return nil
            }
            self = .pixels(count)
        }
    }

    package var description: String {
        switch self {
        case .pixels(let count): "\(count)"
        case .percent(let share): ClosedRange.word(share) + "%"
        }
    }

    /// The length in pixels along a side.
    func length(along side: Int) -> Double {
        switch self {
        case .pixels(let count): Double(count)
        case .percent(let share): share / 100 * Double(side)
        }
    }

    /// The pixel along a side; nil where it is outside.
    func pixel(along side: Int) -> Int? {
        switch self {
        case .pixels(let count): count < side ? count : nil
        case .percent: min(side - 1, Int(length(along: side)))
        }
    }
}

extension ColorHint.Measure: Codable {
    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try (try? container.decode(Int.self)).map(String.init) ?? container.decode(String.self)
        guard let measure = Self(text) else {
            throw DecodingError.dataCorruptedError(
                in: container, debugDescription: "\(text) is neither pixels nor per cent")
        }
        self = measure
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        if case .pixels(let count) = self { try container.encode(count) } else { try container.encode(description) }
    }
}

extension ColorHint.RGB: CustomStringConvertible {
    /// Reads `#RRGGBB`; nil where it is none.
    package init?(_ text: some StringProtocol) {
        guard text.utf8.count == 7, text.first == "#", text.dropFirst().allSatisfy(\.isHexDigit),
            let value = UInt32(text.dropFirst(), radix: 16)
        else { return nil }
        self.init(
            red: UInt8(value >> 16), green: UInt8(truncatingIfNeeded: value >> 8),
            blue: UInt8(truncatingIfNeeded: value))
    }

    package var description: String { String(format: "#%02X%02X%02X", red, green, blue) }
}

extension ColorHint.RGB: Codable {
    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let color = Self(text) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "\(text) is not #RRGGBB")
        }
        self = color
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}

extension ColorHint: Codable {}
