import Testing

@testable import Tensor

@Suite struct HalfPrecisionTests {
    @Test func everyPatternAgreesWithTheLanguage() {
        let wrong = (0...UInt16.max).filter { pattern in
            let expected = Float(Float16(bitPattern: pattern))
            let got = HalfPrecision.float(pattern)
            return expected.isNaN ? !got.isNaN : got.bitPattern != expected.bitPattern
        }
        #expect(wrong.isEmpty)
    }

    @Test func everyPatternSurvivesTheWayBack() {
        let wrong = (0...UInt16.max).filter { pattern in
            let value = HalfPrecision.float(pattern)
            return !value.isNaN && HalfPrecision.half(value) != pattern
        }
        #expect(wrong.isEmpty)
        #expect(HalfPrecision.float(HalfPrecision.half(.nan)).isNaN)
    }

    @Test func roundingAgreesWithTheLanguage() {
        var stream = RandomStream(high: 0, low: 0)
        for exponent in -30...20 {
            for _ in 0..<200 {
                let value = Float(sign: .plus, exponent: exponent, significand: 1 + abs(stream.nextSymmetric()))
                for x in [value, -value] {
                    #expect(HalfPrecision.half(x) == Float16(x).bitPattern, "x = \(x)")
                }
            }
        }
    }

    @Test(arguments: [
        (Float(1 + 0x1p-11), UInt16(0x3C00)), (1 + 3 * 0x1p-11, 0x3C02), (65519.996, 0x7BFF), (65520, 0x7C00),
        (0x1p-25, 0x0000), (0x1.8p-24, 0x0002), (-0x1p-24, 0x8001), (.infinity, 0x7C00), (-0.0, 0x8000),
    ]) func ties(value: Float, pattern: UInt16) {
        #expect(HalfPrecision.half(value) == pattern)
    }

    @Test func brain() {
        #expect(HalfPrecision.float(brain: 0x3FC0) == 1.5)
        #expect(HalfPrecision.float(brain: 0xC000) == -2)
    }
}
