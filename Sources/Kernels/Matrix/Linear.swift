import Tensor

/// A fully connected layer with bias and activation, prepared at load: y = activation(x·Wᵀ + b).
///
/// A sample's result does not depend on the other samples of its batch, nor on the number of threads.
package struct Linear: Sendable {
    /// Values of a sample before the layer.
    package let inputs: Int
    /// Values of a sample after the layer.
    package let outputs: Int
    /// Activation applied to each output.
    package let activation: Activation

    private let weight: PackedRows
    private let bias: Tensor

    /// Prepares a layer from a weight `[O, I]` and O biases, or nil for zeros.
    package init(weight: Tensor, bias: [Float]?, activation: Activation = .none) {
        precondition(weight.shape.count == 2, "a linear layer's weight is [O, I], not \(weight.shape)")
        let (outputs, inputs) = (weight.shape[0], weight.shape[1])
        precondition(bias == nil || bias?.count == outputs, "bias of \(bias?.count ?? 0) for \(outputs) outputs")
        (self.inputs, self.outputs, self.activation) = (inputs, outputs, activation)
        self.weight = weight.withUnsafePointer { base in
            PackedRows(rows: outputs, depth: inputs) { base[$0 * inputs + $1] }
        }
        self.bias = Tensor([outputs], bias ?? [Float](repeating: 0, count: outputs))
    }

    /// activation(x·Wᵀ + bias), `[N, I]` → `[N, O]`.
    package func callAsFunction(_ x: Tensor, _ execution: Execution) -> Tensor {
        run(x, adding: nil, execution)
    }

    /// activation(x·Wᵀ + bias + addend), where `addend` is `[N or 1, O]`.
    package func callAsFunction(_ x: Tensor, adding addend: Tensor, _ execution: Execution) -> Tensor {
        run(x, adding: addend, execution)
    }

    private func run(_ x: Tensor, adding addend: Tensor?, _ execution: Execution) -> Tensor {
        precondition(x.shape.count == 2 && x.shape[1] == inputs, "linear takes [N, \(inputs)], not \(x.shape)")
        let batch = x.shape[0]
        precondition(
            addend.map { $0.shape == [batch, outputs] || $0.shape == [1, outputs] } ?? true,
            "addend \(addend?.shape ?? []) for output \([batch, outputs])")
        execution.counter?.add(multiplications: batch * inputs * outputs)
        var output = Tensor(uninitialized: [batch, outputs])
        output.withUnsafeMutablePointer { target in
            x.withUnsafePointer { source in
                bias.withUnsafePointer { bias in
                    withOptionalPointer(addend) { addendBase in
                        let finish = Finish(
                            output: target, bias: bias, addend: addendBase,
                            addendStride: addend?.shape[0] == batch ? outputs : 0, clamp: Clamp(activation))
                        for first in stride(from: 0, to: batch, by: Microkernel.columns) {
                            runPanel(source, first..<min(first + Microkernel.columns, batch), finish, execution)
                        }
                    }
                }
            }
        }
        return output
    }

    /// Samples as the columns of one panel; the weights are read once for all of them.
    private func runPanel(
        _ source: UnsafePointer<Float>, _ samples: Range<Int>, _ finish: Finish, _ execution: Execution
    ) {
        let width = Microkernel.width(samples.count)
        Scratch.with(inputs * width) { panel in
            for lane in 0..<width {
                let sample = source + min(samples.lowerBound &+ lane, samples.upperBound &- 1) &* inputs
                for k in 0..<inputs { panel[k &* width &+ lane] = sample[k] }
            }
            weight.elements.withUnsafePointer { weights in
                execution.spread(weight.blocks, by: 32) { blocks in
                    withUnsafeTemporaryAllocation(of: Float.self, capacity: Microkernel.rows * Microkernel.columns) {
                        buffer in
                        let product = buffer.baseAddress!
                        for block in blocks {
                            Microkernel.multiply(
                                depth: inputs, width: width, weights + block &* inputs &* Microkernel.rows, panel,
                                product,
                                stride: Microkernel.columns)
                            store(product, block, samples, finish)
                        }
                    }
                }
            }
        }
    }

    private func store(_ product: UnsafePointer<Float>, _ block: Int, _ samples: Range<Int>, _ finish: Finish) {
        for sample in samples {
            let sums = product + (sample &- samples.lowerBound)
            for row in block &* Microkernel.rows..<min((block &+ 1) &* Microkernel.rows, outputs) {
                var value = sums[row % Microkernel.rows &* Microkernel.columns] + finish.bias[row]
                if let addend = finish.addend { value += addend[sample &* finish.addendStride &+ row] }
                finish.output[sample &* outputs &+ row] = finish.clamp(value)
            }
        }
    }
}
