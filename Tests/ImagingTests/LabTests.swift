import Foundation
import Tensor
import TestSupport
import Testing

@testable import Imaging

@Suite struct LabTests {
    @Test(
        "Known colours",
        arguments: [
            ([1.0, 0, 0], [53.2408, 80.0925, 67.2032]), ([0, 1, 0], [87.7347, -86.1827, 83.1793]),
            ([0, 0, 1], [32.2970, 79.1875, -107.8602]), ([1, 1, 1], [100, 0, 0]), ([0, 0, 0], [0, 0, 0]),
        ])
    func knownColor(rgb: [Double], expected: [Double]) {
        let lab = Lab.fromRGB(Tensor([1, 3, 1, 1], rgb.map { Float($0) })).values
        for (value, wanted) in zip(lab, expected) { #expect(abs(Double(value) - wanted) < 0.02) }
    }

    @Test("There and back, also in a last vector that is not full", arguments: [(1, 1), (3, 5), (16, 17)])
    func roundTrip(height: Int, width: Int) {
        var generator = SeededGenerator(1)
        let values = (0..<2 * 3 * height * width).map { _ in Float.random(in: 0...1, using: &generator) }
        let back = Lab.toRGB(Lab.fromRGB(Tensor([2, 3, height, width], values))).values
        for (a, b) in zip(back, values) { #expect(abs(a - b) < 2e-5) }
    }

    @Test("Cube root and curve agree with the C library")
    func elementaryFunctions() {
        for i in 0...4000 {
            let x = Float(i) / 4000
            let root = VectorMath.cubeRoot(Vector(repeating: x))[0]
            #expect(abs(root - cbrt(x)) <= 3e-7 * max(root, 1e-3))
            let encoded = Double(VectorMath.encode(Vector(repeating: x))[3])
            let wanted = x <= 0.0031308 ? 12.92 * Double(x) : 1.055 * pow(Double(x), 1 / 2.4) - 0.055
            #expect(abs(encoded - wanted) < 4e-7)
        }
    }

    @Test("Every 16-bit tone survives luminance and back")
    func toneRoundTrip() {
        var wrong = 0
        for tone in stride(from: 0, through: 65535, by: 8) {
            let linear = (0..<8).map { GrayLevel.linear[UInt16(min(65535, tone + $0))] }
            let back = GrayLevel.ofLuminance(linear.withUnsafeBufferPointer { Vector(at: $0.baseAddress!) })
            for lane in 0..<8 where Int(back[lane]) != min(65535, tone + lane) { wrong += 1 }
        }
        #expect(wrong == 0)
    }
}

@Suite struct GamutTests {
    @Test("Fitted colours are in sRGB, of the same lightness and hue, and hardly less colourful than possible")
    func fit() {
        var generator = SeededGenerator(2)
        var reduced = 0
        for _ in 0..<2000 {
            let light = Float.random(in: 1...99, using: &generator)
            let a = Float.random(in: -120...120, using: &generator)
            let b = Float.random(in: -120...120, using: &generator)
            let vector = { Vector(repeating: $0) }
            let fit = Gamut.fit(vector((light + 16) / 116), vector(a), vector(b))
            for channel in [fit.red[0], fit.green[0], fit.blue[0]] { #expect(channel >= -1e-5 && channel <= 1 + 1e-5) }
            let (backLight, backA, backB) = Lab.lab(fit.red, fit.green, fit.blue)
            #expect(abs(backLight[0] - light) < 0.01)
            #expect(abs(backA[0] - a * fit.scale[0]) < 0.1 && abs(backB[0] - b * fit.scale[0]) < 0.1)
            if fit.scale[0] < 1 {
                reduced += 1
                let more = fit.scale[0] + 2e-4
                let (red, green, blue) = Lab.linearRGB(
                    vector((light + 16) / 116), vector(a * more), vector(b * more))
                #expect([red[0], green[0], blue[0]].contains { $0 < 0 || $0 > 1 })
            }
        }
        #expect(reduced > 500)
    }

    @Test("Black and white stay neutral whatever the chroma", arguments: [Float(0), 100])
    func extremes(light: Float) {
        let fit = Gamut.fit(
            Vector(repeating: (light + 16) / 116), Vector(repeating: 20), Vector(repeating: -9))
        for channel in [fit.red[0], fit.green[0], fit.blue[0]] { #expect(abs(channel - light / 100) < 1e-4) }
    }
}
