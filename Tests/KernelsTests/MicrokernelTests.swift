import TestSupport
import Testing

@testable import Kernels

@Suite struct MicrokernelTests {
    static let lanes = Processor.hasAVX512 ? [8, 16] : [8]

    /// One chain of fused multiply-adds in ascending order, whatever the vectors.
    @Test(arguments: lanes, [1, 7, 256, 300])
    func everyWidthIsOneChain(lanes: Int, depth: Int) {
        var random = SeededGenerator(UInt64(depth))
        for (blocks, width) in [1, 2, 3].flatMap({ blocks in
            (lanes == 16 ? [8, 16, 32] : [8, 16, 24]).map { (blocks, $0) }
        }) {
            let (rows, stride) = (blocks * Microkernel.rows, width + 3)
            let (a, b) = (random.values(rows * depth), random.values(depth * width))
            var found = [Float](repeating: .nan, count: rows * stride)
            found.withUnsafeMutableBufferPointer {
                Microkernel.multiply(
                    blocks: blocks, depth: depth, width: width, a, b, $0.baseAddress!, stride: stride, lanes: lanes)
            }
            var expected = [Float](repeating: .nan, count: rows * stride)
            for row in 0..<rows {
                let block = row / Microkernel.rows * depth * Microkernel.rows + row % Microkernel.rows
                for column in 0..<width {
                    expected[row * stride + column] = (0..<depth).reduce(0) {
                        $0.addingProduct(a[block + $1 * Microkernel.rows], b[$1 * width + column])
                    }
                }
            }
            #expect(found.map(\.bitPattern) == expected.map(\.bitPattern), "\(blocks) blocks, \(width) columns")
        }
    }

    @Test(arguments: lanes)
    func rowsReadInPlaceAreTheSameChain(lanes: Int) {
        var random = SeededGenerator(5)
        let (offsets, starts) = ([0, 3, 64, 131, 17], [2, 40, 90])
        let columns = lanes == 16 ? 32 : 24
        let (a, b) = (random.values(offsets.count * Microkernel.rows), random.values(300))
        var found = [Float](repeating: .nan, count: Microkernel.rows * columns)
        b.withUnsafeBufferPointer { b in
            let base = b.baseAddress!
            found.withUnsafeMutableBufferPointer {
                Microkernel.convolve(
                    offsets, a, base + starts[0], base + starts[1], base + starts[2], $0.baseAddress!, lanes: lanes)
            }
        }
        for row in 0..<Microkernel.rows {
            for column in 0..<columns {
                let place = starts[column / lanes] + column % lanes
                let expected = offsets.indices.reduce(Float(0)) {
                    $0.addingProduct(a[$1 * Microkernel.rows + row], b[place + offsets[$1]])
                }
                #expect(found[row * columns + column].bitPattern == expected.bitPattern)
            }
        }
    }
}
