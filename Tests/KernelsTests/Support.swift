import Tensor
import TestSupport

extension SeededGenerator {
    /// A tensor of values in -1...1.
    mutating func tensor(_ shape: [Int]) -> Tensor {
        Tensor(shape, values(shape.reduce(1, *)))
    }

    mutating func values(_ count: Int) -> [Float] {
        (0..<count).map { _ in Float.random(in: -1...1, using: &self) }
    }
}

/// RMS of the difference over RMS of the expected values; infinite where shapes differ or a value is not finite.
func relativeError(_ found: Tensor, _ expected: Tensor) -> Double {
    guard found.shape == expected.shape, found.values.allSatisfy(\.isFinite) else { return .infinity }
    var (difference, size) = (0.0, 0.0)
    for (a, b) in zip(found.values, expected.values) {
        difference += (Double(a) - Double(b)) * (Double(a) - Double(b))
        size += Double(b) * Double(b)
    }
    return size == 0 ? difference : (difference / size).squareRoot()
}

/// The elements as bit patterns: equal only if every bit is, zeros and NaNs included.
func bits(_ tensor: Tensor) -> [UInt32] { tensor.values.map(\.bitPattern) }

/// The images `range` of a batch.
func images(_ tensor: Tensor, _ range: Range<Int>) -> Tensor {
    let size = tensor.count / tensor.shape[0]
    return Tensor(
        [range.count] + tensor.shape.dropFirst(),
        Array(tensor.values[range.lowerBound * size..<range.upperBound * size]))
}
