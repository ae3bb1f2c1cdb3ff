import Foundation

/// Brings a field to anchors' chroma by small corrections around them, which stop where lightness changes.
///
/// Each correction is the smallest that makes its anchor right; in turns (Kaczmarz 1937), until all of them are. Anchors that
/// differ keep their corrections apart.
package struct AnchoredField: Sendable {
    /// Cells of the field within which a correction fades.
    private static let fading: Float = 3
    /// Difference in L/100 over which a correction fades.
    private static let contrast: Float = 0.08
    /// Differences of chroma that nobody sees, in Lab units.
    private static let tolerance: Float = 0.5
    private static let sweeps = 60
    /// Largest radius in cells; beyond it the network's own likeness must do.
    private static let widest: Float = 32
    private static let side = ChromaField.side

    /// A correction's weights of the cells of a window of the field.
    private struct Bump: Sendable {
        let rows: Range<Int>
        let columns: Range<Int>
        let weights: [Float]
        /// The four cells around the anchor and their shares.
        let corners: [(cell: Int, share: Float)]
        /// The weights' mean at the anchor itself.
        let height: Float
        let light: Float
        let target: SIMD2<Float>
    }

    private let bumps: [Bump]

    /// - Parameters:
    ///   - lightness: L/100 of each of the anchors' pixels.
    ///   - guide: The same of the field's cells.
    init(_ anchors: [ChromaAnchor], lightness: [Float], width: Int, height: Int, guide: [Float]) {
        let places = anchors.map { anchor in
            (x: ChromaField.position(anchor.x, of: width), y: ChromaField.position(anchor.y, of: height))
        }
        let centers = places.map { SIMD2(Float($0.x.low) + $0.x.fraction, Float($0.y.low) + $0.y.fraction) }
        let cells = SIMD2(Float(Self.side) / Float(width), Float(Self.side) / Float(height))
        bumps = anchors.indices.map { i in
            let room = min(Self.widest, Self.room(i, anchors, centers) / 3)
            let corners = ChromaField.corners(x: anchors[i].x, y: anchors[i].y, width: width, height: height)
            let radius = SIMD2(min(anchors[i].radius * cells.x, room), min(anchors[i].radius * cells.y, room))
            return Self.bump(
                anchors[i], at: centers[i], corners, radius: radius, fading: min(Self.fading, room),
                light: lightness[i], guide)
        }
    }

    /// Distance to the nearest anchor of another colour, in cells.
    private static func room(_ i: Int, _ anchors: [ChromaAnchor], _ centers: [SIMD2<Float>]) -> Float {
        var least = Float.infinity
        for j in anchors.indices where j != i {
            let apart = anchors[i].chroma - anchors[j].chroma
            guard (apart * apart).sum() > 9 else { continue }
            let way = centers[i] - centers[j]
            least = min(least, (way * way).sum().squareRoot())
        }
        return least
    }

    private static func bump(
        _ anchor: ChromaAnchor, at center: SIMD2<Float>, _ corners: [(cell: Int, share: Float)],
        radius: SIMD2<Float>, fading: Float, light: Float, _ guide: [Float]
    ) -> Bump {
        func range(_ center: Float, _ radius: Float) -> Range<Int> {
            let reach = fading < 1 ? 0 : radius + 3 * fading
            return max(0, Int((center - reach).rounded(.down)))..<min(side, Int((center + reach).rounded(.down)) + 2)
        }
        let (rows, columns) = (range(center.y, radius.y), range(center.x, radius.x))
        let around = corners.reduce(0) { $0 + $1.share * guide[$1.cell] }
        let shares = Dictionary(corners.map { ($0.cell, $0.share) }, uniquingKeysWith: +)
        var weights: [Float] = []
        for row in rows {
            for column in columns {
                let cell = row * side + column
                // Too near to another colour for any bump: the four cells alone, by their shares.
                guard fading >= 1 else {
                    weights.append(shares[cell] ?? 0)
                    continue
                }
                let way = SIMD2(Float(column), Float(row)) - center
                let scaled = way / (radius + 1e-3)
                let length = (way * way).sum().squareRoot()
                let beyond = max(0, length - length / max(1e-3, (scaled * scaled).sum().squareRoot()))
                let contrast = (guide[cell] - around) / Self.contrast
                weights.append(exp(-0.5 * (beyond * beyond / (fading * fading) + contrast * contrast)))
            }
        }
        func weight(_ cell: Int) -> Float {
            weights[(cell / side - rows.lowerBound) * columns.count + cell % side - columns.lowerBound]
        }
        return Bump(
            rows: rows, columns: columns, weights: weights, corners: corners,
            height: corners.reduce(0) { $0 + $1.share * weight($1.cell) }, light: light, target: anchor.chroma)
    }

    /// The field with the corrections.
    func corrected(_ field: ChromaField) -> ChromaField {
        var planes = field.planes
        let size = Self.side * Self.side
        for _ in 0..<Self.sweeps {
            var worst: Float = 0
            for bump in bumps {
                for channel in 0..<2 {
                    let (slope, offset) = (2 * channel * size, (2 * channel + 1) * size)
                    let now = bump.corners.reduce(0) {
                        $0 + $1.share * (planes[slope + $1.cell] * bump.light + planes[offset + $1.cell])
                    }
                    let missing = bump.target[channel] - now
                    worst = max(worst, abs(missing))
                    guard abs(missing) > Self.tolerance / 10 else { continue }
                    var index = 0
                    for row in bump.rows {
                        for column in bump.columns {
                            planes[offset + row * Self.side + column] += missing / bump.height * bump.weights[index]
                            index += 1
                        }
                    }
                }
            }
            if worst < Self.tolerance { break }
        }
        return ChromaField(planes: planes)
    }
}
