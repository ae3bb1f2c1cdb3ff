import Tensor

/// A matrix `[rows, depth]` stored in blocks of four rows, `[rows/4, depth, 4]`, padded with rows of zeros.
struct PackedRows: Sendable {
    let rows: Int
    let depth: Int
    let blocks: Int
    let elements: Tensor

    /// Packs the elements that `element(row, depth)` gives.
    init(rows: Int, depth: Int, _ element: (Int, Int) -> Float) {
        (self.rows, self.depth) = (rows, depth)
        let blocks = (rows + Microkernel.rows - 1) / Microkernel.rows
        self.blocks = blocks
        var packed = Tensor([blocks, depth, Microkernel.rows])
        packed.withUnsafeMutablePointer { target in
            for row in 0..<rows {
                let base = target + (row / Microkernel.rows) * depth * Microkernel.rows + row % Microkernel.rows
                for k in 0..<depth { base[k * Microkernel.rows] = element(row, k) }
            }
        }
        elements = packed
    }
}
