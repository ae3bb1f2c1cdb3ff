import Tensor

/// What training needs beside the forward operations.
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

    /// Adds the sum of each column of `[N, C]` to `sums`, `[C]`.
    package static func addColumnSums(of x: Tensor, to sums: inout Tensor, _ execution: Execution) {
        precondition(x.shape.count == 2 && sums.shape == [x.shape[1]], "sums \(sums.shape) of \(x.shape)")
        let (samples, columns) = (x.shape[0], x.shape[1])
        sums.withUnsafeMutablePointer { target in
            x.withUnsafePointer { source in
                execution.spread(columns, by: 128) { range in
                    for sample in 0..<samples {
                        let row = source + (sample &* columns &+ range.lowerBound)
                        let sum = target + range.lowerBound
                        forEachVector(range.count) { at in
                            sum.put(sum.vector(at) + row.vector(at), at)
                        } rest: { at in
                            sum[at] += row[at]
                        }
                    }
                }
            }
        }
    }

    /// gradient = gradient·activation′, from what the activation gave, element by element.
    ///
    /// Every activation but `relu6` and the identity is told from the sign of its result.
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

    /// Σ x², in double precision and in an order that the number of threads does not change.
    package static func squaredNorm(_ x: Tensor, _ execution: Execution) -> Double {
        let count = x.count
        var parts = [Double](repeating: 0, count: (count + chunk - 1) / chunk)
        parts.withUnsafeMutableBufferPointer { parts in
            x.withUnsafePointer { source in
                execution.spread(count, by: chunk) { range in
                    let part = source + range.lowerBound
                    // Short runs in single precision, their sums in double.
                    var sum = 0.0
                    var start = 0
                    while start < range.count {
                        let end = min(start &+ 1024, range.count)
                        var squares = Vector.zero
                        var rest: Float = 0
                        var at = start
                        while at &+ 8 <= end {
                            squares.addProduct(part.vector(at), part.vector(at))
                            at &+= 8
                        }
                        while at < end {
                            rest += part[at] * part[at]
                            at &+= 1
                        }
                        sum += Double(squares.sum() + rest)
                        start = end
                    }
                    parts[range.lowerBound / chunk] = sum
                }
            }
        }
        return parts.reduce(0, +)
    }

    /// Elements that one thread takes at a time.
    static let chunk = 32_768
}
