import Tensor

extension Elementwise {
    /// y[n, i] = x[n, permutation[i]]; `permutation` holds each of `0..<C` once.
    package static func permuteChannels(_ x: Tensor, _ permutation: [Int], _ execution: Execution) -> Tensor {
        let layout = Layout(x)
        precondition(
            permutation.count == layout.channels && permutation.allSatisfy { 0..<layout.channels ~= $0 },
            "no permutation of \(layout.channels) channels")
        return gather(x, layout, permutation)
    }

    /// The channels `range` of `x`, `[N, C, …]` → `[N, range.count, …]`.
    package static func channels(_ x: Tensor, _ range: Range<Int>) -> Tensor {
        let layout = Layout(x)
        precondition(
            range.lowerBound >= 0 && range.upperBound <= layout.channels, "no channels \(range) in \(x.shape)")
        return gather(x, layout, Array(range))
    }

    /// The channels of `x`, then those of `y`: `[N, C, …]`, `[N, D, …]` → `[N, C + D, …]`.
    package static func concatenateChannels(_ x: Tensor, _ y: Tensor) -> Tensor {
        let (first, second) = (Layout(x), Layout(y))
        precondition(
            x.shape[0] == y.shape[0] && x.shape.dropFirst(2) == y.shape.dropFirst(2),
            "cannot join \(x.shape) and \(y.shape)")
        let (a, b) = (first.channels * first.plane, second.channels * second.plane)
        var output = Tensor(
            uninitialized: [x.shape[0], first.channels + second.channels] + x.shape.dropFirst(2))
        output.withUnsafeMutablePointer { target in
            x.withUnsafePointer { x in
                y.withUnsafePointer { y in
                    for image in 0..<first.batch {
                        (target + image * (a + b)).update(from: x + image * a, count: a)
                        (target + image * (a + b) + a).update(from: y + image * b, count: b)
                    }
                }
            }
        }
        return output
    }

    private static func gather(_ x: Tensor, _ layout: Layout, _ indices: [Int]) -> Tensor {
        var output = Tensor(uninitialized: [layout.batch, indices.count] + x.shape.dropFirst(2))
        output.withUnsafeMutablePointer { target in
            x.withUnsafePointer { source in
                var target = target
                for image in 0..<layout.batch {
                    let base = source + image * layout.channels * layout.plane
                    for index in indices {
                        target.update(from: base + index &* layout.plane, count: layout.plane)
                        target += layout.plane
                    }
                }
            }
        }
        return output
    }
}
