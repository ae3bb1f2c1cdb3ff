import TestSupport
import Testing

@testable import Kernels

@Suite struct PaddedPlanesTests {
    /// Heights, widths, kernels, strides, dilations and how many rows and columns more than a kernel needs.
    static let cases = [
        (64, 64, 3, 1, 1, 0), (16, 16, 3, 1, 1, 2), (4, 4, 3, 1, 1, 0), (1, 1, 3, 1, 1, 3), (5, 13, 3, 2, 1, 1),
        (9, 8, 5, 1, 1, 0), (33, 31, 3, 2, 1, 0), (7, 3, 7, 1, 1, 8), (12, 12, 3, 1, 2, 0), (10, 6, 19, 1, 1, 0),
    ]

    /// Every element is the image's or zero, and nothing beyond the last plane is touched.
    @Test(arguments: cases)
    func aPlaneIsTheImageAndZerosAroundIt(
        height: Int, width: Int, kernel: Int, stride: Int, dilation: Int, more: Int
    ) {
        let shape = ConvolutionShape(
            input: [1, 3, height, width], outputs: 1, kernel: (kernel, kernel), stride: stride, dilation: dilation,
            padding: .symmetric(dilation * (kernel / 2)))
        let rows = (shape.outputHeight - 1) / dilation * stride + kernel + more
        let columns = (shape.outputWidth - 1) / dilation * stride + kernel + more
        let planes = PaddedPlanes(shape, rows: rows, columns: columns, phases: dilation)
        var random = SeededGenerator(UInt64(height * 100 + width))
        let image = random.values(3 * height * width)
        var target = [Float](repeating: .nan, count: planes.count + 8)
        target.withUnsafeMutableBufferPointer { planes.fill(from: image, to: $0.baseAddress!, .single) }

        #expect(target[planes.count...].allSatisfy { $0.isNaN })
        var wrong = 0
        for plane in 0..<3 {
            for phaseY in 0..<dilation {
                for phaseX in 0..<dilation {
                    for (row, column) in (0..<rows).flatMap({ row in (0..<columns).map { (row, $0) } }) {
                        let y = row * dilation + phaseY - shape.padding.top
                        let x = column * dilation + phaseX - shape.padding.left
                        let inside = (0..<height).contains(y) && (0..<width).contains(x)
                        let phase = (phaseY * dilation + phaseX) * rows * columns
                        let found = target[plane * planes.planeSize + phase + row * columns + column]
                        if found != (inside ? image[(plane * height + y) * width + x] : 0) { wrong += 1 }
                    }
                }
            }
        }
        #expect(wrong == 0)
    }
}
