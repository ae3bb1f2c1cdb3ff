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

    @Test func rowsReadInPlaceAreTheSameChain() {
        var random = SeededGenerator(5)
        let (offsets, starts) = ([0, 3, 64, 131, 17], [2, 40, 90])
        let (a, b) = (random.values(offsets.count * Microkernel.rows), random.values(300))
        var found = [Float](repeating: .nan, count: Microkernel.rows * 24)
        b.withUnsafeBufferPointer { b in
            let base = b.baseAddress!
            found.withUnsafeMutableBufferPointer {
                Microkernel.convolve(
                    offsets, a, base + starts[0], base + starts[1], base + starts[2], $0.baseAddress!)
            }
        }
        for row in 0..<Microkernel.rows {
            for column in 0..<24 {
                let expected = Self.chain(offsets, a, b, row, starts[column / 8] + column % 8)
                #expect(found[row * 24 + column].bitPattern == expected.bitPattern)
            }
        }
    }

    @Test(.enabled(if: Processor.hasAVX512), arguments: 1...Microkernel.rows, [false, true])
    func wideRowsReadInPlaceAreTheSameChain(rows: Int, hasAddend: Bool) {
        var random = SeededGenerator(7)
        let (offsets, starts, stride) = ([0, 3, 64, 131, 17], [2, 90], 40)
        let (a, b) = (random.values(offsets.count * Microkernel.rows), random.values(300))
        let (bias, addend) = (random.values(rows), random.values(rows * stride))
        let clamp = Clamp(.leakyReLU(0.1))
        var found = [Float](repeating: .nan, count: (Microkernel.rows + 1) * stride)
        b.withUnsafeBufferPointer { b in
            addend.withUnsafeBufferPointer { addend in
                let base = b.baseAddress!
                found.withUnsafeMutableBufferPointer {
                    Microkernel.convolveWide(
                        rows: rows, offsets, a, base + starts[0], base + starts[1], bias: bias,
                        addend: hasAddend ? addend.baseAddress! : nil, clamp, $0.baseAddress!, stride: stride)
                }
            }
        }
        for place in found.indices {
            let (row, column) = place.quotientAndRemainder(dividingBy: stride)
            guard row < rows, column < 32 else {
                #expect(found[place].isNaN)
                continue
            }
            var sum = Self.chain(offsets, a, b, row, starts[column / 16] + column % 16) + bias[row]
            if hasAddend { sum += addend[place] }
            #expect(found[place].bitPattern == clamp(sum).bitPattern)
        }
    }

    /// Σₖ a[k, row]·b[place + offsets[k]], in ascending order.
    private static func chain(_ offsets: [Int], _ a: [Float], _ b: [Float], _ row: Int, _ place: Int) -> Float {
        offsets.indices.reduce(Float(0)) {
            $0.addingProduct(a[$1 * Microkernel.rows + row], b[place + offsets[$1]])
        }
    }
}
