/// A way to compute four neighbouring outputs of a row from few products, after Winograd; a tile of 4 × 4 outputs nests
/// it, columns first.
///
/// Y = Aᵀ[(G g Gᵀ) ⊙ (Bᵀ d B)]A: G is the filter's transform, Bᵀ the input's, Aᵀ the output's. G has six rows; those
/// products that have numbers beyond the sixth use its last row again.
protocol WinogradScheme {
    /// Inputs of a row of outputs, and products.
    static var points: Int { get }
    /// Inputs from one row of outputs to the next.
    static var advance: Int { get }
    /// Whether its transforms exist for sixteen tiles at once.
    static var isWide: Bool { get }

    /// G g for one column of four filters, its six elements handed to `put`.
    static func filter(_ g0: WinogradTaps, _ g1: WinogradTaps, _ g2: WinogradTaps, _ put: (Int, WinogradTaps) -> Void)

    /// Bᵀ d for one column of a tile: reads vectors `apart` floats from each other, and writes them `distance` apart.
    static func input(
        _ d: UnsafePointer<Float>, _ apart: Int, _ target: UnsafeMutablePointer<Float>, _ distance: Int)

    /// Aᵀ m for one column of a tile, whose vectors are `apart` floats from each other.
    static func output(_ m: UnsafePointer<Float>, _ apart: Int) -> (Vector, Vector, Vector, Vector)
}

/// One tap of four output channels' filters, one in each lane.
typealias WinogradTaps = SIMD4<Double>

/// F(4, 3) of Lavin and Gray 2015 (arXiv 1509.09308), for stride 1: 36 products for 4 × 4 outputs instead of 144.
enum WinogradAdjacent: WinogradScheme {
    static let points = 6
    static let advance = 4
    static let isWide = true

    @inline(__always)
    static func filter(
        _ g0: WinogradTaps, _ g1: WinogradTaps, _ g2: WinogradTaps, _ put: (Int, WinogradTaps) -> Void
    ) {
        let outer = g0 + g2
        let weighted = g0 / 24 + g2 / 6
        let middle = g1 / 12
        put(0, g0 / 4)
        put(1, (outer + g1) / -6)
        put(2, (outer - g1) / -6)
        put(3, weighted + middle)
        put(4, weighted - middle)
        put(5, g2)
    }

    @inline(__always)
    static func input(
        _ d: UnsafePointer<Float>, _ apart: Int, _ target: UnsafeMutablePointer<Float>, _ distance: Int
    ) {
        let (d0, d1, d2) = (d.vector(0), d.vector(apart), d.vector(2 &* apart))
        let (d3, d4, d5) = (d.vector(3 &* apart), d.vector(4 &* apart), d.vector(5 &* apart))
        let evenBy4 = d4.addingProduct(d2, -4)
        let oddBy4 = d3.addingProduct(d1, -4)
        let even = d4 - d2
        let odd = (d3 - d1) * 2
        target.put(d4.addingProduct(d2, -5).addingProduct(d0, 4), 0)
        target.put(evenBy4 + oddBy4, distance)
        target.put(evenBy4 - oddBy4, 2 &* distance)
        target.put(even + odd, 3 &* distance)
        target.put(even - odd, 4 &* distance)
        target.put(d5.addingProduct(d3, -5).addingProduct(d1, 4), 5 &* distance)
    }

    @inline(__always)
    static func output(_ m: UnsafePointer<Float>, _ apart: Int) -> (Vector, Vector, Vector, Vector) {
        let (m1, m2) = (m.vector(apart), m.vector(2 &* apart))
        let (m3, m4) = (m.vector(3 &* apart), m.vector(4 &* apart))
        let (sum12, difference12) = (m1 + m2, m1 - m2)
        let (sum34, difference34) = (m3 + m4, m3 - m4)
        return (
            m.vector(0) + sum12 + sum34,
            difference12.addingProduct(difference34, 2),
            sum12.addingProduct(sum34, 4),
            difference12.addingProduct(difference34, 8) + m.vector(5 &* apart)
        )
    }
}

/// For stride 2: 81 products for 4 × 4 outputs instead of 144.
///
/// The outer taps meet the even inputs only, as F(4, 2) at the points 0, 1, −1, 2 and ∞; the middle tap meets the four
/// odd ones as they are.
enum WinogradStrided: WinogradScheme {
    static let points = 9
    static let advance = 8
    static let isWide = false

    @inline(__always)
    static func filter(
        _ g0: WinogradTaps, _ g1: WinogradTaps, _ g2: WinogradTaps, _ put: (Int, WinogradTaps) -> Void
    ) {
        put(0, g0 / 2)
        put(1, (g0 + g2) / -2)
        put(2, (g2 - g0) / 6)
        put(3, (g0 + 2 * g2) / 6)
        put(4, g2)
        put(5, g1)
    }

    @inline(__always)
    static func input(
        _ d: UnsafePointer<Float>, _ apart: Int, _ target: UnsafeMutablePointer<Float>, _ distance: Int
    ) {
        let (d0, d1, d2) = (d.vector(0), d.vector(2 &* apart), d.vector(4 &* apart))
        let (d3, d4) = (d.vector(6 &* apart), d.vector(8 &* apart))
        let difference31 = d3 - d1
        target.put(difference31 + (d0 - d2) * 2, 0)
        target.put(d3 - d2 - d1 * 2, distance)
        target.put(d3.addingProduct(d2, -3).addingProduct(d1, 2), 2 &* distance)
        target.put(difference31, 3 &* distance)
        target.put(d4 - d2 - difference31 * 2, 4 &* distance)
        for odd in 0..<4 { target.put(d.vector((2 &* odd &+ 1) &* apart), (5 &+ odd) &* distance) }
    }

    @inline(__always)
    static func output(_ m: UnsafePointer<Float>, _ apart: Int) -> (Vector, Vector, Vector, Vector) {
        let (m1, m2, m3) = (m.vector(apart), m.vector(2 &* apart), m.vector(3 &* apart))
        let (sum12, difference12) = (m1 + m2, m1 - m2)
        return (
            m.vector(0) + sum12 + m3 + m.vector(5 &* apart),
            difference12.addingProduct(m3, 2) + m.vector(6 &* apart),
            sum12.addingProduct(m3, 4) + m.vector(7 &* apart),
            difference12.addingProduct(m3, 8) + m.vector(4 &* apart) + m.vector(8 &* apart)
        )
    }
}
