import Colorization
import Yams

extension Setting {
    /// A list of places and their colors.
    static func hints(_ key: String, _ path: Path<[ColorHint]>, _ scope: Scope) -> Setting {
        Setting(key, path, scope, .list) { node in
            guard let items = node.sequence else { throw mismatch(key, "a list of places and colours") }
            guard items.count <= ColorHint.limit else {
                throw mismatch(key, "at most \(ColorHint.limit) places, not \(items.count)")
            }
            return try items.enumerated().map { try hint($1, "\(key): number \($0 + 1)") }
        } text: {
            "[" + $0.map(\.yaml).joined(separator: ", ") + "]"
        }
    }

    private static func hint(_ node: Node, _ key: String) throws -> ColorHint {
        guard let mapping = node.mapping else { throw mismatch(key, "x, y and color") }
        var values: [String: String] = [:]
        for (name, value) in mapping {
            let name = name.scalar?.string ?? "?"
            guard ["x", "y", "color", "radius"].contains(name) else {
                throw ConfigurationError.value(
                    key: key, "has an unknown key '\(name)'; it may have x, y, color and radius")
            }
            values[name] = value.scalar?.string ?? ""
        }
        guard let x = values["x"].flatMap(ColorHint.Measure.init), let y = values["y"].flatMap(ColorHint.Measure.init)
        else { throw mismatch(key, "at a place: x and y in whole pixels, from 0, or as 12.5%") }
        guard let color = values["color"].flatMap(ColorHint.RGB.init) else {
            throw mismatch(key, "of a color in quotes, \"#RRGGBB\"")
        }
        var hint = ColorHint(x: x, y: y, color: color)
        if let text = values["radius"] {
            hint.radius = ColorHint.Measure(text)
            if hint.radius == nil { throw mismatch(key, "of a radius in whole pixels, or per cent of the longer side") }
        }
        return hint
    }
}

extension ColorHint {
    /// The hint in a sidecar's list.
    var yaml: String { "{x: \(x), y: \(y), color: \"\(color)\"" + (radius.map { ", radius: \($0)" } ?? "") + "}" }
}
