import Foundation
import Kernels
import Tensor
import Testing

@testable import Flow

/// A file that `Reference/golden.py` wrote.
struct Golden {
    let file: SafeTensors

    init(_ name: String) throws { file = try SafeTensors(path: Self.path(name)) }

    static func path(_ name: String) throws -> String {
        let url = try #require(
            Bundle.module.url(forResource: name, withExtension: "safetensors", subdirectory: "Golden"))
        return url.path
    }

    /// Compares a tensor, or as much of it as the file keeps, with the reference's.
    func expect(
        _ name: String, _ found: Tensor, tolerance: Double = 1e-4, sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let expected = try file.tensor(name).values
        // The generator keeps at most 4096 elements, every k-th, k odd.
        let all = found.values
        let step = (all.count + 4095) / 4096 | 1
        let kept = stride(from: 0, to: all.count, by: step).map { all[$0] }
        try #require(kept.count == expected.count, "\(name) of shape \(found.shape)", sourceLocation: sourceLocation)
        let (peak, rms) = relativeError(kept, expected)
        #expect(
            peak < tolerance && rms < tolerance, "\(name): peak error \(peak), RMS error \(rms)",
            sourceLocation: sourceLocation)
    }

    func expect(
        _ name: String, _ found: [Double], tolerance: Double = 1e-4, sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        try expect(
            name, Tensor([found.count], found.map(Float.init)), tolerance: tolerance, sourceLocation: sourceLocation)
    }
}

/// Largest and root-mean-square difference, over the largest and the root-mean-square value expected.
func relativeError(_ found: [Float], _ expected: [Float]) -> (peak: Double, rms: Double) {
    var (peak, largest, square, energy) = (0.0, 0.0, 0.0, 0.0)
    for (f, e) in zip(found, expected) {
        let (difference, value) = (Double(f) - Double(e), Double(e))
        // Written so that NaN counts as an infinite error.
        peak = abs(difference) <= peak ? peak : difference.isNaN ? .infinity : abs(difference)
        largest = max(largest, abs(value))
        square += difference * difference
        energy += value * value
    }
    return (peak / largest, (square / energy).squareRoot())
}

/// The largest absolute difference of two tensors.
func largestDifference(_ a: Tensor, _ b: Tensor) -> Float {
    zip(a.values, b.values).reduce(0) { most, pair in
        let difference = abs(pair.0 - pair.1)
        return difference <= most ? most : difference.isNaN ? .infinity : difference
    }
}

/// A directory that is gone when the test is.
final class TemporaryDirectory {
    let path = NSTemporaryDirectory() + "flow-tests-" + UUID().uuidString

    init() throws { try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false) }

    deinit { try? FileManager.default.removeItem(atPath: path) }
}

/// Random weights whose coefficients are large, so that a wrong log-determinant shows.
final class LoudWeights: Weights {
    private let quiet: RandomWeights

    init(seed: UInt64) { quiet = RandomWeights(seed: seed) }

    var parameterCount: Int { quiet.parameterCount }

    func tensor(_ name: String, _ shape: [Int]) -> Tensor {
        let tensor = quiet.tensor(name, shape)
        let factor: Float = name.contains("conv2.") || name.contains("linear3.") ? 5 : 1
        return Tensor(shape, tensor.values.map { $0 * factor })
    }

    func rotation(_ name: String, _ channels: Int) -> Tensor { quiet.rotation(name, channels) }
    func permutation(_ name: String, _ count: Int) -> [Int] { quiet.permutation(name, count) }
}

/// Standard normal latents.
func latents(_ shape: [Int], seed: UInt64, temperature: Float = 1) -> Tensor {
    var stream = RandomStream(high: 1, low: seed)
    return Tensor(shape, stream.normals(shape.reduce(1, *)).map { $0 * temperature })
}

extension RandomWeights {
    /// Numbers in [-scale, scale) for a test's input, by the formula of the weights.
    func input(_ name: String, _ shape: [Int], scale: Float) -> Tensor {
        var stream = stream("input." + name)
        return Tensor(shape, (0..<shape.reduce(1, *)).map { _ in scale * stream.nextSymmetric() })
    }
}
