import Tensor
import TestSupport
import Testing

@testable import Imaging

@Suite struct JointBilateralTests {
    private let side = NetworkGeometry.chromaSide

    /// L/100 of 0.3 left of a column and 0.7 from there on, with a gentle slope downward.
    private func edge(at column: Int) -> [Float] {
        (0..<side).flatMap { y in (0..<side).map { x in (x < column ? 0.3 : 0.7) + 0.0001 * Float(y) } }
    }

    @Test("One colour stays as it is, up to the borders")
    func constant() {
        let smooth = JointBilateral(lightness: edge(at: 20))([Float](repeating: 37, count: side * side))
        #expect(smooth.allSatisfy { abs($0 - 37) < 1e-4 })
    }

    @Test("Blotches fade where lightness is smooth")
    func blotches() {
        var random = SeededGenerator(4)
        let noise = (0..<side * side).map { _ in Float.random(in: -10...10, using: &random) }
        let smooth = JointBilateral(lightness: edge(at: 20))(noise)
        func power(_ plane: [Float]) -> Float { plane.reduce(0) { $0 + $1 * $1 } }
        #expect(power(smooth) < 0.25 * power(noise), "\(power(smooth) / power(noise))")
    }

    @Test("No colour crosses an edge of lightness, and a texture keeps its own")
    func edges() {
        let column = 20
        let colors = (0..<side * side).map { Float($0 % side < column ? 40 : -25) }
        let kept = JointBilateral(lightness: edge(at: column))(colors)
        #expect(zip(kept, colors).allSatisfy { abs($0 - $1) < 1e-3 })

        var random = SeededGenerator(5)
        let noise = (0..<side * side).map { _ in Float.random(in: -10...10, using: &random) }
        let checkered = (0..<side * side).map { Float(($0 % side % 2) + 2 * ($0 / side % 2)) * 0.25 }
        #expect(zip(JointBilateral(lightness: checkered)(noise), noise).allSatisfy { abs($0 - $1) < 1e-3 })
    }
}
