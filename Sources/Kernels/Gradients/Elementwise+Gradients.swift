import Tensor

extension Elementwise {
    /// gradient = gradient·activation′, from the activation's output, element by element.
    ///
    /// The slope follows from the sign of the result, and for `relu6` also from its limit.
    package static func activationGradient(
        _ gradient: inout Tensor, output: Tensor, _ activation: Activation, _ execution: Execution
    ) {
        precondition(gradient.shape == output.shape, "gradient \(gradient.shape) of \(output.shape)")
        if activation == .none { return }
        let clamp = Clamp(activation)
        let count = output.count
        gradient.withUnsafeMutablePointer { target in
            output.withUnsafePointer { source in
                execution.spread(count, by: chunk) { range in
                    let (gradient, y) = (target + range.lowerBound, source + range.lowerBound)
                    forEachVector(range.count) { at in
                        let value = y.vector(at)
                        var slope = gradient.vector(at)
                        slope.replace(with: slope * clamp.slope, where: value .<= 0)
                        slope.replace(with: 0, where: value .>= clamp.limit)
                        gradient.put(slope, at)
                    } rest: { at in
                        if y[at] <= 0 { gradient[at] *= clamp.slope }
                        if y[at] >= clamp.limit { gradient[at] = 0 }
                    }
                }
            }
        }
    }

    /// The gradient of the smaller tensor of `addNearestUpsampled2`: sums of 2 × 2 blocks.
    package static func nearestUpsampled2Gradient(_ gradient: Tensor, _ execution: Execution) -> Tensor {
        let mean = averagePool(gradient, 2, execution)
        return affine(
            mean, scale: [Float](repeating: 4, count: mean.shape[1]),
            shift: [Float](repeating: 0, count: mean.shape[1]), execution)
    }

    /// The gradient of `globalAveragePool`'s input of the given shape, from that of its output, `[N, C]`.
    package static func globalAveragePoolGradient(_ gradient: Tensor, inputShape: [Int]) -> Tensor {
        let plane = inputShape.dropFirst(2).reduce(1, *)
        precondition(gradient.count * plane == inputShape.reduce(1, *), "gradient \(gradient.shape) for \(inputShape)")
        var result = Tensor(uninitialized: inputShape)
        result.withUnsafeMutablePointer { target in
            gradient.withUnsafePointer { source in
                for index in 0..<gradient.count {
                    (target + index * plane).update(repeating: source[index] / Float(plane), count: plane)
                }
            }
        }
        return result
    }
}
