import Foundation
import Testing

@testable import Tensor

@Suite struct RandomStreamTests {
    /// Known answers of Random123 1.14, file kat_vectors.
    static let knownAnswers: [(SIMD4<UInt32>, SIMD2<UInt32>, SIMD4<UInt32>)] = [
        (.zero, .zero, [0x6627_E8D5, 0xE169_C58D, 0xBC57_AC4C, 0x9B00_DBD8]),
        (
            .init(repeating: .max), .init(repeating: .max),
            [0x408F_276D, 0x41C8_3B0E, 0xA20B_C7C6, 0x6D54_51FD]
        ),
        (
            [0x243F_6A88, 0x85A3_08D3, 0x1319_8A2E, 0x0370_7344], [0xA409_3822, 0x299F_31D0],
            [0xD16C_FE09, 0x94FD_CCEB, 0x5001_E420, 0x2412_6EA1]
        ),
    ]

    @Test(arguments: knownAnswers.indices) func philoxKnownAnswers(index: Int) {
        let (counter, key, expected) = Self.knownAnswers[index]
        #expect(Philox.block(counter: counter, key: key) == expected)
    }

    @Test func streamCountsThroughBlocks() {
        var stream = RandomStream(high: 0x1122_3344_5566_7788, low: 0x99AA_BBCC_DDEE_FF00)
        let words = (0..<12).map { _ in stream.nextWord() }
        for block in 0..<3 {
            let counter = SIMD4<UInt32>(UInt32(block), 0, 0x5566_7788, 0x1122_3344)
            let expected = Philox.block(counter: counter, key: [0xDDEE_FF00, 0x99AA_BBCC])
            #expect((0..<4).map { words[block * 4 + $0] } == (0..<4).map { expected[$0] })
        }
    }

    @Test func eachBitMakesAnotherStream() {
        var seen = Set<UInt64>()
        for bit in 0..<64 {
            var a = RandomStream(high: 1 << bit, low: 0)
            var b = RandomStream(high: 0, low: 1 << bit)
            seen.insert(a.next())
            seen.insert(b.next())
        }
        #expect(seen.count == 128)
    }

    /// Frozen: colours that were published must come again from the same seed in every later version.
    @Test func normalsAreFrozen() {
        var stream = RandomStream(high: 1, low: 2)
        #expect(stream.normals(4).map(\.bitPattern) == [0x3F58_D830, 0xBF66_D5E3, 0xBF33_EF8B, 0x3F90_EE98])
    }

    @Test func normalsHaveTheRightMoments() {
        var stream = RandomStream(high: 7, low: 9)
        let values = stream.normals(100_000).map(Double.init)
        let n = Double(values.count)
        let moments = (1...4).map { power in values.reduce(0) { $0 + pow($1, Double(power)) } / n }
        // Four standard errors: of the k-th moment they are √((2k−1)!! − E²)/√n.
        #expect(abs(moments[0]) < 4 / n.squareRoot())
        #expect(abs(moments[1] - 1) < 4 * (2 / n).squareRoot())
        #expect(abs(moments[2]) < 4 * (15 / n).squareRoot())
        #expect(abs(moments[3] - 3) < 4 * (96 / n).squareRoot())
    }

    @Test func uniformsStayInside() {
        var stream = RandomStream(high: 3, low: 4)
        var sum = 0.0
        for _ in 0..<10_000 {
            let u = stream.nextUniform()
            let s = stream.nextSymmetric()
            #expect(u > 0 && u < 1 && s >= -1 && s < 1)
            sum += u
        }
        #expect(abs(sum / 10_000 - 0.5) < 4 * (1.0 / 12 / 10_000).squareRoot())
    }

    /// Values of Python's statistics.NormalDist().inv_cdf.
    static let quantiles: [(Double, Double)] = [
        (1e-300, -37.0470962993612),
        (1e-20, -9.262340089798405),
        (1.1102230246251565e-16, -8.209536151601386),
        (1e-05, -4.2648907939228256),
        (0.01, -2.3263478740408408),
        (0.0749, -1.4402382675279632),
        (0.0751, -1.4388253927525398),
        (0.3, -0.5244005127080407),
        (0.5, 0.0),
        (0.6, 0.2533471031357998),
        (0.925, 1.439531470938456),
        (0.99, 2.3263478740408408),
        (0.9999999999999999, 8.209536151601386),
    ]

    @Test(arguments: quantiles.indices) func quantile(index: Int) {
        let (p, expected) = Self.quantiles[index]
        #expect(abs(NormalDistribution.quantile(p) - expected) <= 4e-15 * max(1, abs(expected)))
    }

    @Test func logarithmAgreesWithTheLibrary() {
        var stream = RandomStream(high: 5, low: 6)
        for _ in 0..<2_000 {
            let x = stream.nextUniform() * pow(2, Double(Int.random(in: -600...600, using: &stream)))
            let expected = Foundation.log(x)
            #expect(abs(NormalDistribution.logarithm(x) - expected) <= 4e-16 * max(abs(expected), 1), "x = \(x)")
        }
    }
}
