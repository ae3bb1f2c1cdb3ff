import Tensor

/// A 3 × 3 filter transformed for a Winograd scheme.
struct WinogradFilter: Sendable {
    /// Matrices of a transformed filter, 6 × 6.
    static let matrices = 36

    let inputs: Int
    let outputs: Int
    /// Blocks of four output channels.
    let blocks: Int
    /// G g Gᵀ as `[36, blocks, I, 4]`.
    let elements: Tensor

    /// Transforms a weight `[O, I, 3, 3]`, in double precision.
    init<Scheme: WinogradScheme>(_ weight: Tensor, _ scheme: Scheme.Type) {
        let (outputs, inputs) = (weight.shape[0], weight.shape[1])
        let blocks = (outputs + Microkernel.rows - 1) / Microkernel.rows
        (self.outputs, self.inputs, self.blocks) = (outputs, inputs, blocks)
        let size = blocks * inputs * Microkernel.rows
        var transformed = Tensor(uninitialized: [Self.matrices, blocks, inputs, Microkernel.rows])
        transformed.withUnsafeMutablePointer { target in
            weight.withUnsafePointer { source in
                withUnsafeTemporaryAllocation(of: WinogradTaps.self, capacity: 9) { buffer in
                    let taps = buffer.baseAddress!
                    for block in 0..<blocks {
                        for input in 0..<inputs {
                            Self.load(taps, source, block, input, inputs, outputs)
                            let place = target + (block &* inputs &+ input) &* Microkernel.rows
                            Self.transform(taps, scheme) { matrix, value in
                                place.put(SIMD4<Float>(value), matrix &* size)
                            }
                        }
                    }
                }
            }
        }
        elements = transformed
    }

    /// The nine taps of a block's four filters; those beyond the last output are zero.
    @inline(__always)
    private static func load(
        _ taps: UnsafeMutablePointer<WinogradTaps>, _ source: UnsafePointer<Float>, _ block: Int, _ input: Int,
        _ inputs: Int,
        _ outputs: Int
    ) {
        taps.initialize(repeating: .zero, count: 9)
        for lane in 0..<min(Microkernel.rows, outputs &- block &* Microkernel.rows) {
            let filter = source + ((block &* Microkernel.rows &+ lane) &* inputs &+ input) &* 9
            for tap in 0..<9 { taps[tap][lane] = Double(filter[tap]) }
        }
    }

    /// G g Gᵀ, its 36 elements handed to `put` with the numbers of their matrices.
    @inline(__always)
    private static func transform<Scheme: WinogradScheme>(
        _ taps: UnsafePointer<WinogradTaps>, _ scheme: Scheme.Type, _ put: (Int, WinogradTaps) -> Void
    ) {
        withUnsafeTemporaryAllocation(of: WinogradTaps.self, capacity: 18) { buffer in
            let columns = buffer.baseAddress!
            for column in 0..<3 {
                Scheme.filter(taps[column], taps[3 &+ column], taps[6 &+ column]) { columns[3 &* $0 &+ column] = $1 }
            }
            for row in 0..<6 {
                let line = columns + 3 &* row
                Scheme.filter(line[0], line[1], line[2]) { put(6 &* row &+ $0, $1) }
            }
        }
    }
}
