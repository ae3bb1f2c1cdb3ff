import Tensor

/// A small seeded generator (SplitMix64), so that every failure can be repeated.
struct Seeded: RandomNumberGenerator {
    private var state: UInt64

    init(_ seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

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
