import Tensor

extension Elementwise {
    /// y[n, i] = x[n, permutation[i]]; `permutation` holds each of `0..<C` once.
    package static func permuteChannels(_ x: Tensor, _ permutation: [Int], _ execution: Execution) -> Tensor {
        let layout = Layout(x)
        precondition(
            permutation.count == layout.channels && permutation.allSatisfy { 0..<layout.channels ~= $0 },
            "no permutation of \(layout.channels) channels")
        var output = Tensor(uninitialized: x.shape)
        output.withUnsafeMutablePointer { target in
            x.withUnsafePointer { source in
                var target = target
                for image in 0..<layout.batch {
                    let base = source + image * layout.channels * layout.plane
                    if layout.plane == 1 {
                        for (place, index) in permutation.enumerated() { target[place] = base[index] }
                        target += layout.channels
                        continue
                    }
                    for index in permutation {
                        target.update(from: base + index &* layout.plane, count: layout.plane)
                        target += layout.plane
                    }
                }
            }
        }
        return output
    }
}
