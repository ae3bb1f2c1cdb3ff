import Tensor

extension Elementwise {
    /// x = activation(x + bias), with one bias a column of `[N, C]`.
    package static func addBias(
        _ x: inout Tensor, _ bias: Tensor, activation: Activation = .none, _ execution: Execution
    ) {
        precondition(x.shape.count == 2 && bias.shape == [x.shape[1]], "bias \(bias.shape) for \(x.shape)")
        let clamp = Clamp(activation)
        let (samples, columns) = (x.shape[0], x.shape[1])
        x.withUnsafeMutablePointer { target in
            bias.withUnsafePointer { bias in
                execution.spread(samples, by: 16) { range in
                    for sample in range {
                        let row = target + sample &* columns
                        forEachVector(columns) { at in
                            row.put(clamp(row.vector(at) + bias.vector(at)), at)
                        } rest: { at in
                            row[at] = clamp(row[at] + bias[at])
                        }
                    }
                }
            }
        }
    }

    /// x = x + y, element by element.
    package static func accumulate(_ x: inout Tensor, _ y: Tensor, _ execution: Execution) {
        precondition(x.shape == y.shape, "cannot add \(y.shape) to \(x.shape)")
        let count = y.count
        x.withUnsafeMutablePointer { target in
            y.withUnsafePointer { source in
                execution.spread(count, by: chunk) { range in
                    let (sum, part) = (target + range.lowerBound, source + range.lowerBound)
                    forEachVector(range.count) { at in
                        sum.put(sum.vector(at) + part.vector(at), at)
                    } rest: { at in
                        sum[at] += part[at]
                    }
                }
            }
        }
    }

    /// x = x + share·(y − x), element by element.
    package static func approach(_ x: inout Tensor, _ y: Tensor, share: Float, _ execution: Execution) {
        precondition(x.shape == y.shape, "cannot bring \(x.shape) to \(y.shape)")
        let count = x.count
        x.withUnsafeMutablePointer { target in
            y.withUnsafePointer { source in
                execution.spread(count, by: chunk) { range in
                    let (to, from) = (target + range.lowerBound, source + range.lowerBound)
                    forEachVector(range.count) { at in
                        to.put(to.vector(at).addingProduct(from.vector(at) - to.vector(at), share), at)
                    } rest: { at in
                        to[at] += share * (from[at] - to[at])
                    }
                }
            }
        }
    }

    /// Elements that one thread takes at a time.
    static let chunk = 32_768
}
