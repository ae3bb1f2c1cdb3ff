/// A hint at its pixel of one picture.
package struct PlacedHint: Sendable, Equatable {
    package let hint: ColorHint
    /// From the left edge of the upright picture, from 0.
    package let x: Int
    /// From its upper edge, from 0.
    package let y: Int
    /// In pixels; nil where the hint has none.
    package let radius: Double?

    /// Places hints on a picture: each color of a pixel once, row by row, so that their order does not matter.
    ///
    /// - Throws: `ColorizationError.hint` for the first that lies outside, and for two that say different things of one
    ///   pixel.
    package static func place(
        _ hints: [ColorHint], width: Int, height: Int
    ) throws(ColorizationError) -> [PlacedHint] {
        var placed: [[Int]: PlacedHint] = [:]
        for hint in hints {
            guard let x = hint.x.pixel(along: width), let y = hint.y.pixel(along: height) else {
                throw .hint(hint.key, "lies outside of the picture, which has \(width)×\(height) pixels")
            }
            let radius = hint.radius?.length(along: max(width, height))
            if let other = placed[[y, x]]?.hint, (other.color, other.radius) != (hint.color, hint.radius) {
                throw .hint(hint.key, "is of the same pixel as \(other.key), and differs")
            }
            placed[[y, x]] = placed[[y, x]] ?? PlacedHint(hint: hint, x: x, y: y, radius: radius)
        }
        return placed.sorted { $0.key.lexicographicallyPrecedes($1.key) }.map(\.value)
    }
}
