import Foundation
import Kernels
import Tensor
import Testing

@testable import Flow

/// Every invertible layer: a round trip, and its log-determinant against a numeric Jacobian's.
@Suite struct LayerTests {
    private static let execution = Execution()

    /// One direction of a layer on samples of one shape.
    typealias Direction = (Tensor) -> (Tensor, [Double])

    @Test(arguments: 1...3 as ClosedRange<UInt64>) func conditionalBlock(seed: UInt64) throws {
        let block = try ConditionalBlock("block", channels: 2, condition: 3, hidden: 8, from: LoudWeights(seed: seed))
        let condition = block.condition(latents([1, 3, 4, 4], seed: seed + 10), Self.execution)
        check(
            [2, 4, 4], seed: seed, { block.forward($0, condition, Self.execution) },
            { block.inverse($0, condition, Self.execution) })
    }

    @Test(arguments: 1...3 as ClosedRange<UInt64>) func unconditionalBlock(seed: UInt64) throws {
        let block = try UnconditionalBlock("block", channels: 8, hidden: 8, from: LoudWeights(seed: seed))
        check([8, 2, 2], seed: seed, { block.forward($0, Self.execution) }, { block.inverse($0, Self.execution) })
    }

    @Test(arguments: [FlowPlan.colorClamp, FlowPlan.digitClamp]) func denseLevel(alpha: Float) throws {
        let level = try DenseLevel(
            "block", count: 2, channels: 12, condition: 4, hidden: 16, alpha: alpha, from: LoudWeights(seed: 5))
        let conditions = level.conditions(latents([1, 4], seed: 6), Self.execution)
        check(
            [12], seed: 7,
            { x in
                var logDeterminant = [Double](repeating: 0, count: x.shape[0])
                let y = level.forward(x, conditions, &logDeterminant, Self.execution)
                return (y, logDeterminant)
            },
            { y in
                var logDeterminant = [Double](repeating: 0, count: y.shape[0])
                let x = level.inverse(y, conditions, &logDeterminant, Self.execution)
                return (x, logDeterminant)
            })
    }

    @Test func affineStart() {
        let start = AffineStart(
            mean: latents([1, 2, 3, 3], seed: 1), scale: latents([1, 2, 3, 3], seed: 2, temperature: 0.5))
        check([2, 3, 3], seed: 3, start.forward, start.inverse)
    }

    /// A network of two levels and 32 values with all that the big one has: affine start, blocks, reshape, split.
    @Test(arguments: 1...3 as ClosedRange<UInt64>) func smallNetwork(seed: UInt64) throws {
        let weights = LoudWeights(seed: seed)
        let plan = FlowPlan.Level(channels: 2, size: 4, blocks: 2, hidden: 8, free: 8, split: 4, head: [(3, 1)])
        let start = AffineStart(
            mean: latents([1, 2, 4, 4], seed: seed), scale: latents([1, 2, 4, 4], seed: seed + 1, temperature: 0.5))
        let level = try Level("level1", plan, condition: 3, .paper(width: 1), from: weights)
        let dense = try DenseLevel(
            "level2", count: 2, channels: 16, condition: 4, hidden: 16, alpha: 1.5, from: weights)
        let heads = [latents([1, 3, 4, 4], seed: seed + 2), latents([1, 3, 4, 4], seed: seed + 3)]
        let images = level.conditions(heads, Self.execution)
        let vectors = dense.conditions(latents([1, 4], seed: seed + 4), Self.execution)
        check(
            [2, 4, 4], seed: seed + 5,
            { x in
                let n = x.shape[0]
                var (u, logDeterminant) = start.forward(x)
                let (kept, latent) = level.forward(u, images, &logDeterminant, Self.execution)
                u = dense.forward(kept.reshaped([n, 16]), vectors, &logDeterminant, Self.execution)
                return (.joined([latent!.reshaped([n, 16]), u]), logDeterminant)
            },
            { z in
                let n = z.shape[0]
                var logDeterminant = [Double](repeating: 0, count: n)
                let kept = dense.inverse(z.channels(16..<32), vectors, &logDeterminant, Self.execution)
                let u = level.inverse(
                    kept.reshaped([n, 4, 2, 2]), latent: z.channels(0..<16).reshaped([n, 4, 2, 2]), images,
                    &logDeterminant, Self.execution)
                let (x, last) = start.inverse(u)
                return (x, zip(logDeterminant, last).map(+))
            })
    }

    /// Round trip of three samples, then the Jacobian of one by central differences, all in one batch.
    private func check(
        _ shape: [Int], seed: UInt64, _ forward: Direction, _ inverse: Direction,
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        let x = latents([3] + shape, seed: seed &+ 100)
        let (y, there) = forward(x)
        let (back, again) = inverse(y)
        #expect(largestDifference(x, back) < 1e-4, sourceLocation: sourceLocation)
        for (a, b) in zip(there, again) { #expect(abs(a - b) < 1e-4, sourceLocation: sourceLocation) }

        let dimensions = shape.reduce(1, *)
        let step: Float = 5e-4
        let point = Array(x.values[..<dimensions])
        var moved: [Float] = []
        for i in 0..<dimensions {
            for sign in [step, -step] {
                var copy = point
                copy[i] += sign
                moved += copy
            }
        }
        let outputs = forward(Tensor([2 * dimensions] + shape, moved)).0.values
        var jacobian = (0..<dimensions).map { i in
            (0..<dimensions).map { j in
                (Double(outputs[2 * i * dimensions + j]) - Double(outputs[(2 * i + 1) * dimensions + j]))
                    / Double(moved[2 * i * dimensions + i] - moved[(2 * i + 1) * dimensions + i])
            }
        }
        let numeric = logDeterminant(&jacobian)
        #expect(abs(there[0]) > 0.1, "a log-determinant of \(there[0]) shows nothing", sourceLocation: sourceLocation)
        #expect(abs(numeric - there[0]) < 0.02, "numeric \(numeric), exact \(there[0])", sourceLocation: sourceLocation)
    }

    /// log|det| by Gaussian elimination with pivots.
    private func logDeterminant(_ matrix: inout [[Double]]) -> Double {
        var sum = 0.0
        for i in matrix.indices {
            let pivot = (i..<matrix.count).max { abs(matrix[$0][i]) < abs(matrix[$1][i]) } ?? i
            matrix.swapAt(i, pivot)
            sum += log(abs(matrix[i][i]))
            for r in i + 1..<max(i + 1, matrix.count) {
                let factor = matrix[r][i] / matrix[i][i]
                for c in i..<matrix.count { matrix[r][c] -= factor * matrix[i][c] }
            }
        }
        return sum
    }
}
