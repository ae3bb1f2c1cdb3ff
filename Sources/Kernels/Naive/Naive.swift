import Tensor

/// The layers as plain loops with sums in double precision, against which the fast kernels are tested.
package enum Naive {
    /// activation(input ∗ weight + bias + addend) for `[N, I, H, W]` and a weight `[O, I / groups, kh, kw]`.
    package static func convolution(
        _ input: Tensor, weight: Tensor, bias: [Float]? = nil, addend: Tensor? = nil, stride: Int = 1,
        dilation: Int = 1, padding: Padding, groups: Int = 1, activation: Activation = .none
    ) -> Tensor {
        let (x, w, b) = (input.values, weight.values, addend?.values)
        let (batch, inputs, height, width) = (input.shape[0], input.shape[1], input.shape[2], input.shape[3])
        let (outputs, depth, kh, kw) = (weight.shape[0], weight.shape[1], weight.shape[2], weight.shape[3])
        let rows = (height + padding.top + padding.bottom - (kh - 1) * dilation - 1) / stride + 1
        let columns = (width + padding.left + padding.right - (kw - 1) * dilation - 1) / stride + 1
        var result: [Float] = []
        for n in 0..<batch {
            for o in 0..<outputs {
                let first = o / (outputs / groups) * depth
                for y in 0..<rows {
                    for column in 0..<columns {
                        var sum = Double(bias?[o] ?? 0)
                        for i in 0..<depth {
                            for dy in 0..<kh {
                                for dx in 0..<kw {
                                    let sourceY = y * stride + dy * dilation - padding.top
                                    let sourceX = column * stride + dx * dilation - padding.left
                                    guard 0..<height ~= sourceY, 0..<width ~= sourceX else { continue }
                                    let value = x[((n * inputs + first + i) * height + sourceY) * width + sourceX]
                                    sum += Double(value) * Double(w[((o * depth + i) * kh + dy) * kw + dx])
                                }
                            }
                        }
                        if let b {
                            let image = addend?.shape[0] == 1 ? 0 : n
                            sum += Double(b[((image * outputs + o) * rows + y) * columns + column])
                        }
                        result.append(activation(Float(sum)))
                    }
                }
            }
        }
        return Tensor([batch, outputs, rows, columns], result)
    }

    /// activation(transposed convolution + bias) for `[N, I, H, W]` and a weight `[I, O, k, k]`: every input pixel
    /// adds its k × k patch to the output.
    package static func transposedConvolution(
        _ input: Tensor, weight: Tensor, bias: [Float]? = nil, stride: Int, padding: Int, activation: Activation = .none
    ) -> Tensor {
        let (x, w) = (input.values, weight.values)
        let (batch, inputs, height, width) = (input.shape[0], input.shape[1], input.shape[2], input.shape[3])
        let (outputs, kernel) = (weight.shape[1], weight.shape[2])
        let rows = (height - 1) * stride - 2 * padding + kernel
        let columns = (width - 1) * stride - 2 * padding + kernel
        var sums = (0..<batch * outputs * rows * columns).map {
            Double(bias?[$0 / (rows * columns) % outputs] ?? 0)
        }
        for n in 0..<batch {
            for i in 0..<inputs {
                for y in 0..<height {
                    for column in 0..<width {
                        let value = Double(x[((n * inputs + i) * height + y) * width + column])
                        for o in 0..<outputs {
                            for tap in 0..<kernel * kernel {
                                let targetY = y * stride + tap / kernel - padding
                                let targetX = column * stride + tap % kernel - padding
                                guard 0..<rows ~= targetY, 0..<columns ~= targetX else { continue }
                                let factor = Double(w[(i * outputs + o) * kernel * kernel + tap])
                                sums[((n * outputs + o) * rows + targetY) * columns + targetX] += value * factor
                            }
                        }
                    }
                }
            }
        }
        return Tensor([batch, outputs, rows, columns], sums.map { activation(Float($0)) })
    }

    /// activation(x·weightᵀ + bias + addend) for `[N, I]` and a weight `[O, I]`.
    package static func linear(
        _ x: Tensor, weight: Tensor, bias: [Float]? = nil, addend: Tensor? = nil, activation: Activation = .none
    ) -> Tensor {
        let (batch, inputs, outputs) = (x.shape[0], weight.shape[1], weight.shape[0])
        let addends = addend.map { tensor in
            (0..<batch).flatMap { n in
                (0..<outputs).map { tensor.values[(tensor.shape[0] == 1 ? 0 : n) * outputs + $0] }
            }
        }
        let result = multiply(x, weight, transposingSecond: true)
        let values = result.enumerated().map { index, sum in
            activation(Float(sum + Double(bias?[index % outputs] ?? 0) + Double(addends?[index] ?? 0)))
        }
        precondition(x.shape == [batch, inputs], "linear takes [N, \(inputs)], not \(x.shape)")
        return Tensor([batch, outputs], values)
    }

    /// The product of two matrices, `[M, K]` · `[K, N]`, either of them transposed first.
    package static func multiply(
        _ a: Tensor, _ b: Tensor, transposingFirst: Bool = false, transposingSecond: Bool = false
    ) -> [Double] {
        let (x, y) = (a.values, b.values)
        let (rows, depth) = transposingFirst ? (a.shape[1], a.shape[0]) : (a.shape[0], a.shape[1])
        let columns = transposingSecond ? b.shape[0] : b.shape[1]
        return (0..<rows * columns).map { index in
            let (row, column) = (index / columns, index % columns)
            return (0..<depth).reduce(0.0) { sum, k in
                let first = transposingFirst ? x[k * rows + row] : x[row * depth + k]
                let second = transposingSecond ? y[column * depth + k] : y[k * columns + column]
                return sum + Double(first) * Double(second)
            }
        }
    }
}
