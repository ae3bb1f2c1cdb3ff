import Foundation
import Tensor
import TestSupport
import Testing

@testable import Imaging

@Suite struct PainterTests {
    /// Lab to an sRGB channel's level by the definition, in double precision; chroma is taken as it is.
    private func levels(_ lightness: Double, _ a: Double, _ b: Double) -> [Double] {
        func expand(_ f: Double) -> Double { f > 6.0 / 29 ? f * f * f : (f - 4.0 / 29) * 108 / 841 }
        let y = (lightness + 16) / 116
        let (x, z) = (expand(y + a / 500) * 0.95047, expand(y - b / 200) * 1.08883)
        let linear = [
            x * 3.2404542 - expand(y) * 1.5371385 - z * 0.4985314,
            x * -0.9692660 + expand(y) * 1.8760108 + z * 0.0415560,
            x * 0.0556434 - expand(y) * 0.2040259 + z * 1.0572252,
        ]
        return linear.map { 255 * Lab.encode(min(max($0, 0), 1)) }
    }

    @Test(
        "Every sample is within one level of the definition, at any width",
        arguments: [(256, 30, Float(12)), (31, 9, 40), (700, 40, 25), (1, 1, 5)])
    func samples(width: Int, height: Int, strength: Float) {
        var generator = SeededGenerator(5)
        let light = (0..<width * height).map { _ in Float.random(in: 0...100, using: &generator) }
        let plane = GrayPlane(width: width, height: height, lightness: light)
        let guide = Tensor(NetworkGeometry.lightnessShape, plane.lightness(width: 256, height: 256))
        let field = ChromaUpsampler(lightness: guide).field(chroma: chroma(seed: 4, strength: strength))
        let painter = RowPainter(plane: plane, field: field, saturation: 1, layout: RowPainter.Layout())
        var row = [UInt8](repeating: 0, count: 3 * width)
        var worst = 0.0
        for y in 0..<height {
            _ = row.withUnsafeMutableBytes { painter.paint(y, into: $0.baseAddress!) }
            for x in 0..<width {
                let light = GrayLevel.lightness[plane.tones[y * width + x]]
                var chroma = field.chroma(x: x, y: y, width: width, height: height, lightness: light * 0.01)
                let vector = { Vector(repeating: $0) }
                chroma *= Gamut.fit(vector((light + 16) / 116), vector(chroma.x), vector(chroma.y)).scale[0]
                let wanted = levels(Double(light), Double(chroma.x), Double(chroma.y))
                for band in 0..<3 { worst = max(worst, abs(Double(row[3 * x + band]) - wanted[band])) }
            }
        }
        #expect(worst <= 0.75, "\(worst)")
    }

    @Test("A reduced or enlarged copy is the same on any number of threads", arguments: [(700, 515), (90, 31), (5, 1)])
    func lightnessOnThreads(width: Int, height: Int) {
        var generator = SeededGenerator(6)
        let light = (0..<width * height).map { _ in Float.random(in: 0...100, using: &generator) }
        let plane = GrayPlane(width: width, height: height, lightness: light)
        for side in [256, 40, 3] {
            let alone = plane.lightness(width: side, height: side)
            for threads in [2, 3, 7] { #expect(plane.lightness(width: side, height: side, threads: threads) == alone) }
        }
    }

    @Test("What lies onto white at 8 bits is what a mixture of it and white would be")
    func flattening() {
        var plane = GrayPlane(width: 300, height: 1, hasAlpha: true)
        for x in 0..<300 { (plane.tones[x], plane.alpha![x]) = (UInt16(x % 256) * 257, UInt16(x * 211)) }
        let flat = ChromaField(planes: [Float](repeating: 0, count: 4 * 65536))
        let painter = RowPainter(
            plane: plane, field: flat, saturation: 1,
            layout: RowPainter.Layout(depth: 8, hasAlpha: false, flattens: true))
        var row = [UInt8](repeating: 0, count: 900)
        _ = row.withUnsafeMutableBytes { painter.paint(0, into: $0.baseAddress!) }
        for x in 0..<300 {
            let wanted = 255 - (255 - Double(x % 256)) * Double(x * 211) / 65535
            #expect(abs(Double(row[3 * x]) - wanted) <= 0.51)
        }
    }
}
