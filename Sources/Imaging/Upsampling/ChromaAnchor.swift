/// A pixel of a picture whose chroma is known.
package struct ChromaAnchor: Sendable {
    /// From the left edge of the upright picture, in pixels.
    package var x: Int
    /// From its upper edge, in pixels.
    package var y: Int
    /// a and b in Lab units.
    package var chroma: SIMD2<Float>
    /// How far around it the chroma surely holds, in pixels.
    package var radius: Float

    package init(x: Int, y: Int, chroma: SIMD2<Float>, radius: Float = 0) {
        (self.x, self.y, self.chroma, self.radius) = (x, y, chroma, radius)
    }
}
