import Tensor

/// A 3 × 3 filter in the domain of Winograd's F(4×4, 3×3), after Lavin and Gray 2015 (arXiv 1509.09308).
///
/// Y = Aᵀ[(G g Gᵀ) ⊙ (Bᵀ d B)]A: 36 multiplications for a tile of 4 × 4 outputs instead of 144.
struct WinogradFilter: Sendable {
    /// Positions of a transformed tile, 6 × 6.
    static let positions = 36

    let inputs: Int
    let outputs: Int
    /// Blocks of four output channels.
    let blocks: Int
    /// G g Gᵀ as `[36, blocks, I, 4]`.
    let elements: Tensor

    /// Whether the transforms cost less than the multiplications they save, as measured.
    static func pays(_ inputs: Int, _ outputs: Int) -> Bool { inputs >= 8 && outputs >= 8 }

    /// Transforms a weight `[O, I, 3, 3]`, in double precision.
    init(_ weight: Tensor) {
        let (outputs, inputs) = (weight.shape[0], weight.shape[1])
        let blocks = (outputs + Panel.rows - 1) / Panel.rows
        (self.outputs, self.inputs, self.blocks) = (outputs, inputs, blocks)
        let size = blocks * inputs * Panel.rows
        var transformed = Tensor(uninitialized: [Self.positions, blocks, inputs, Panel.rows])
        transformed.withUnsafeMutablePointer { target in
            weight.withUnsafePointer { source in
                withUnsafeTemporaryAllocation(of: Taps.self, capacity: 9) { buffer in
                    let taps = buffer.baseAddress!
                    for block in 0..<blocks {
                        for input in 0..<inputs {
                            Self.load(taps, source, block, input, inputs, outputs)
                            let place = target + (block &* inputs &+ input) &* Panel.rows
                            Self.transform(taps) { position, value in
                                place.put(SIMD4<Float>(value), position &* size)
                            }
                        }
                    }
                }
            }
        }
        elements = transformed
    }

    /// One tap of four output channels' filters, one in each lane.
    private typealias Taps = SIMD4<Double>

    /// The nine taps of a block's four filters; those beyond the last output are zero.
    @inline(__always)
    private static func load(
        _ taps: UnsafeMutablePointer<Taps>, _ source: UnsafePointer<Float>, _ block: Int, _ input: Int, _ inputs: Int,
        _ outputs: Int
    ) {
        taps.initialize(repeating: .zero, count: 9)
        for lane in 0..<min(Panel.rows, outputs &- block &* Panel.rows) {
            let filter = source + ((block &* Panel.rows &+ lane) &* inputs &+ input) &* 9
            for tap in 0..<9 { taps[tap][lane] = Double(filter[tap]) }
        }
    }

    /// G g Gᵀ, its 36 elements handed to `put` with their positions.
    @inline(__always)
    private static func transform(_ taps: UnsafePointer<Taps>, _ put: (Int, Taps) -> Void) {
        withUnsafeTemporaryAllocation(of: Taps.self, capacity: 18) { buffer in
            let columns = buffer.baseAddress!
            for column in 0..<3 {
                filter(taps[column], taps[3 &+ column], taps[6 &+ column]) { columns[3 &* $0 &+ column] = $1 }
            }
            for row in 0..<6 {
                let line = columns + 3 &* row
                filter(line[0], line[1], line[2]) { put(6 &* row &+ $0, $1) }
            }
        }
    }

    /// G g for one column of a filter, its six elements handed to `put`.
    @inline(__always)
    private static func filter(_ g0: Taps, _ g1: Taps, _ g2: Taps, _ put: (Int, Taps) -> Void) {
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

    /// Bᵀ d for one column of a tile.
    @inline(__always)
    static func input(
        _ d0: Vector, _ d1: Vector, _ d2: Vector, _ d3: Vector, _ d4: Vector, _ d5: Vector
    ) -> (Vector, Vector, Vector, Vector, Vector, Vector) {
        let evenBy4 = d4.addingProduct(d2, -4)
        let oddBy4 = d3.addingProduct(d1, -4)
        let even = d4 - d2
        let odd = (d3 - d1) * 2
        return (
            d4.addingProduct(d2, -5).addingProduct(d0, 4),
            evenBy4 + oddBy4,
            evenBy4 - oddBy4,
            even + odd,
            even - odd,
            d5.addingProduct(d3, -5).addingProduct(d1, 4)
        )
    }

    /// Aᵀ m for one column of a tile.
    @inline(__always)
    static func output(
        _ m0: Vector, _ m1: Vector, _ m2: Vector, _ m3: Vector, _ m4: Vector, _ m5: Vector
    ) -> (Vector, Vector, Vector, Vector) {
        let (sum12, difference12) = (m1 + m2, m1 - m2)
        let (sum34, difference34) = (m3 + m4, m3 - m4)
        return (
            m0 + sum12 + sum34,
            difference12.addingProduct(difference34, 2),
            sum12.addingProduct(sum34, 4),
            difference12.addingProduct(difference34, 8) + m5
        )
    }
}
