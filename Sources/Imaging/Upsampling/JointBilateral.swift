import Foundation
import Tensor

/// The joint bilateral filter of chroma at 64×64, guided by lightness, after Petschnigg and others 2004.
///
/// By how much predicted chroma differs between neighbouring cells of one lightness is mostly error, and it shows as
/// blotches on what is smooth; where lightness changes, chroma may change too. `Reference/TRAINING.md` tells how the
/// width was chosen.
struct JointBilateral: Sendable {
    /// Standard deviation of the weights over the difference in L/100 between cells.
    private static let range: Float = 0.01
    /// Standard deviation of the weights over the distance between cells, in cells.
    private static let reach: Float = 1
    private static let side = NetworkGeometry.chromaSide
    private static let margin = 1
    private static let wide = side + 2 * margin
    private static let offsets = (-margin...margin).flatMap { y in (-margin...margin).map { x in (x: x, y: y) } }

    /// Each cell's weights of the cells around it and of itself, a plane for each of `offsets`; a cell's sum to 1.
    private let weights: [Float]

    /// - Parameter lightness: 64×64, L/100.
    init(lightness: [Float]) {
        let (side, count) = (Self.side, Self.side * Self.side)
        precondition(lightness.count == count, "guidance is 64×64, got \(lightness.count) cells")
        let padded = Self.padded(lightness)
        var weights = [Float](repeating: 0, count: Self.offsets.count * count)
        for y in 0..<side {
            for x in 0..<side {
                let cell = y * side + x
                let raw = Self.offsets.map { offset in
                    let apart = (padded[Self.index(x + offset.x, y + offset.y)] - lightness[cell]) / Self.range
                    let distance = Float(offset.x * offset.x + offset.y * offset.y) / (Self.reach * Self.reach)
                    return exp(-0.5 * (apart * apart + distance))
                }
                let sum = raw.reduce(0, +)
                for (plane, weight) in raw.enumerated() { weights[plane * count + cell] = weight / sum }
            }
        }
        self.weights = weights
    }

    /// A plane of 64×64, filtered.
    func callAsFunction(_ plane: [Float]) -> [Float] {
        let (side, count) = (Self.side, Self.side * Self.side)
        precondition(plane.count == count, "chroma is 64×64, got \(plane.count) cells")
        let padded = Self.padded(plane)
        var result = [Float](repeating: 0, count: count)
        for (index, offset) in Self.offsets.enumerated() {
            for y in 0..<side {
                let (from, cell) = (Self.index(offset.x, y + offset.y), y * side)
                for x in 0..<side { result[cell + x] += weights[index * count + cell + x] * padded[from + x] }
            }
        }
        return result
    }

    /// With a margin that repeats the outermost cells.
    private static func padded(_ plane: [Float]) -> [Float] {
        func clamp(_ i: Int) -> Int { min(max(i - margin, 0), side - 1) }
        return (0..<wide).flatMap { y in (0..<wide).map { x in plane[clamp(y) * side + clamp(x)] } }
    }

    /// The index of a cell in a padded plane; coordinates start at −margin.
    private static func index(_ x: Int, _ y: Int) -> Int { (y + margin) * wide + x + margin }
}
