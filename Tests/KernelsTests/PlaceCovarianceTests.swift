import Tensor
import TestSupport
import Testing

@testable import Kernels

@Suite struct PlaceCovarianceTests {
    /// Features of two kinds, terms of two Gaussians and three draws over some places.
    private struct Given {
        let features: [Tensor]
        let terms: [PlaceCovariance.Term]
        let deviations: Tensor
        let taper: [Float] = [0.2, 0.05]
        let objects: Tensor

        init(places: Int, seed: UInt64) {
            var random = SeededGenerator(seed)
            features = [random.tensor([2, places]), random.tensor([5, places])]
            terms = [[1.5, 0.3], [0.1, 0.8]].map { rates in
                .init(rates: rates, scales: Tensor([2, places], random.values(2 * places).map { 1.5 + $0 }))
            }
            deviations = random.tensor([3, 2, places])
            objects = random.tensor([2, places])
        }

        var covariance: PlaceCovariance {
            PlaceCovariance(features: features, terms: terms, deviations: deviations, taper: taper)
        }

        /// Row by row what `matrix` should be.
        func expected(_ rows: [Int], _ columns: [Int]) -> [Float] {
            let blocks = rows.map { p in
                columns.map { q in
                    Naive.placeCovariance(
                        p, q, features: features, terms: terms, deviations: deviations, taper: taper,
                        objects: objects)
                }
            }
            return (0..<2).flatMap { c in
                rows.indices.flatMap { i in
                    (0..<2).flatMap { d in columns.indices.map { Float(blocks[i][$0][c][d]) } }
                }
            }
        }
    }

    @Test(arguments: [1, 7, 70])
    func agreesWithReference(places: Int) {
        let given = Given(places: places, seed: 21)
        let chosen = Array(stride(from: 0, to: places, by: max(1, places / 9)).reversed())
        let found = given.covariance.matrix(of: chosen, objects: given.objects, Execution(threads: 2))
        let expected = Tensor(found.shape, given.expected(chosen, chosen))
        #expect(relativeError(found, expected) <= 1e-5)
        var random = SeededGenerator(22)
        let weights = random.tensor([3, 2 * chosen.count])
        let rows = given.expected(chosen, Array(0..<places))
        var sums: [Float] = []
        for vector in 0..<3 {
            for column in 0..<2 * places {
                var sum: Float = 0
                for row in 0..<2 * chosen.count {
                    sum += weights.values[vector * 2 * chosen.count + row] * rows[row * 2 * places + column]
                }
                sums.append(sum)
            }
        }
        let spread = given.covariance.spread(weights, from: chosen, objects: given.objects, Execution(threads: 2))
        #expect(relativeError(spread, Tensor([3, 2, places], sums)) <= 1e-5)
    }

    @Test func rowsAreTheFirstChannelsWithoutObjects() {
        let given = Given(places: 30, seed: 27)
        let matrix = given.covariance.matrix(of: Array(0..<30), objects: Tensor([0, 30]), .single).values
        let rows = given.covariance.rows(of: [3, 17], Execution(threads: 2))
        #expect(relativeError(rows, Tensor([2, 30], [3, 17].flatMap { matrix[$0 * 60..<$0 * 60 + 30] })) <= 1e-6)
    }

    @Test func threadsChangeNoBit() {
        let given = Given(places: 600, seed: 23)
        let chosen = Array(stride(from: 1, to: 600, by: 2))
        var random = SeededGenerator(24)
        let weights = random.tensor([2, 2 * chosen.count])
        let covariance = given.covariance
        #expect(
            bits(covariance.matrix(of: chosen, objects: given.objects, .single))
                == bits(covariance.matrix(of: chosen, objects: given.objects, Execution(threads: 3))))
        #expect(
            bits(covariance.spread(weights, from: chosen, objects: given.objects, .single))
                == bits(covariance.spread(weights, from: chosen, objects: given.objects, Execution(threads: 3))))
    }

    @Test func solutionsSolve() throws {
        let given = Given(places: 40, seed: 25)
        let chosen = Array(0..<40)
        let matrix = given.covariance.matrix(of: chosen, objects: given.objects, .single)
        var random = SeededGenerator(26)
        let (right, diagonal) = (random.tensor([3, 80]), random.values(80).map { 1.1 + $0 })
        let x = try #require(Matrix.solve(matrix, addingDiagonal: diagonal, right))
        var back: [Float] = []
        for vector in 0..<3 {
            for row in 0..<80 {
                var sum = diagonal[row] * x.values[vector * 80 + row]
                for column in 0..<80 { sum += matrix.values[row * 80 + column] * x.values[vector * 80 + column] }
                back.append(sum)
            }
        }
        #expect(relativeError(Tensor([3, 80], back), right) <= 1e-4)
        #expect(Matrix.solve(Tensor([1, 1], [1]), addingDiagonal: [-2], Tensor([1, 1], [1])) == nil)
    }
}
