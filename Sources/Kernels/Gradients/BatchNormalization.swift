import Tensor

/// Batch normalisation while training: each channel is brought to mean 0 and variance 1 over the batch, then scaled.
///
/// Ioffe and Szegedy 2015. Samples are `[N, C, …]`; the statistics are taken over all other axes.
package enum BatchNormalization {
    /// Statistics of each channel, over a batch or kept from before.
    package struct Statistics: Sendable {
        /// Mean of each channel.
        package let mean: [Double]
        /// Variance of each channel, over the count of values.
        package let variance: [Double]
        /// Values of each channel; nil if the statistics are kept ones and do not depend on the batch.
        package let count: Int?

        /// Statistics that are kept as they are, such as running ones.
        package init(kept mean: [Double], variance: [Double]) { self.init(mean: mean, variance: variance, count: nil) }

        fileprivate init(mean: [Double], variance: [Double], count: Int?) {
            (self.mean, self.variance, self.count) = (mean, variance, count)
        }
    }

    /// Mean and variance of each channel.
    package static func statistics(_ x: Tensor, _ execution: Execution) -> Statistics {
        let layout = Elementwise.Layout(x)
        let count = layout.batch * layout.plane
        var mean = [Double](repeating: 0, count: layout.channels)
        var variance = mean
        x.withUnsafePointer { source in
            mean.withUnsafeMutableBufferPointer { mean in
                variance.withUnsafeMutableBufferPointer { variance in
                    execution.spread(layout.channels, by: Elementwise.channelStep(layout)) { channels in
                        for channel in channels {
                            let sum = Elementwise.sum(layout, channel) {
                                source.vector($0)
                            } rest: {
                                source[$0]
                            }
                            let center = Float(sum / Double(count))
                            let squares = Elementwise.sum(layout, channel) {
                                let d = source.vector($0) - center
                                return d * d
                            } rest: {
                                (source[$0] - center) * (source[$0] - center)
                            }
                            let off = sum / Double(count) - Double(center)
                            mean[channel] = sum / Double(count)
                            variance[channel] = max(0, squares / Double(count) - off * off)
                        }
                    }
                }
            }
        }
        return Statistics(mean: mean, variance: variance, count: count)
    }

    /// activation((x − mean)/√(variance + ε)·weight + bias).
    package static func forward(
        _ x: Tensor, _ statistics: Statistics, weight: Tensor, bias: Tensor, epsilon: Double,
        activation: Activation = .none, _ execution: Execution
    ) -> Tensor {
        let (weight, bias) = (weight.values, bias.values)
        let scales = statistics.variance.indices.map {
            Double(weight[$0]) / (statistics.variance[$0] + epsilon).squareRoot()
        }
        let shifts = scales.indices.map { Float(Double(bias[$0]) - statistics.mean[$0] * scales[$0]) }
        return Elementwise.affine(x, scale: scales.map(Float.init), shift: shifts, activation: activation, execution)
    }

    /// The gradients of input, weight and bias, from that of the output before its activation.
    package static func backward(
        _ gradient: Tensor, input: Tensor, _ statistics: Statistics, weight: Tensor, epsilon: Double,
        _ execution: Execution
    ) -> (input: Tensor, weight: Tensor, bias: Tensor) {
        let layout = Elementwise.Layout(input)
        precondition(gradient.shape == input.shape, "gradient \(gradient.shape) of \(input.shape)")
        var result = Tensor(uninitialized: input.shape)
        var weights = Tensor(uninitialized: [layout.channels])
        var biases = Tensor(uninitialized: [layout.channels])
        result.withUnsafeMutablePointer { target in
            weights.withUnsafeMutablePointer { weights in
                biases.withUnsafeMutablePointer { biases in
                    weight.withUnsafePointer { weight in
                        gradient.withUnsafePointer { g in
                            input.withUnsafePointer { x in
                                execution.spread(layout.channels, by: Elementwise.channelStep(layout)) { channels in
                                    for channel in channels {
                                        let deviation = (statistics.variance[channel] + epsilon).squareRoot()
                                        let sums = backward(
                                            channel, layout, g, x, target, mean: statistics.mean[channel],
                                            deviation: deviation, weight: Double(weight[channel]),
                                            isKept: statistics.count == nil)
                                        weights[channel] = Float(sums.weight)
                                        biases[channel] = Float(sums.bias)
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
        return (result, weights, biases)
    }

    /// One channel: `weight/σ·(g − mean(g) − x̂·mean(g·x̂))`, or `weight/σ·g` with statistics that are kept.
    private static func backward(
        _ channel: Int, _ layout: Elementwise.Layout, _ g: UnsafePointer<Float>, _ x: UnsafePointer<Float>,
        _ target: UnsafeMutablePointer<Float>, mean: Double, deviation: Double, weight: Double,
        isKept: Bool
    ) -> (weight: Double, bias: Double) {
        let center = Float(mean)
        let bias = Elementwise.sum(layout, channel) {
            g.vector($0)
        } rest: {
            g[$0]
        }
        let product = Elementwise.sum(layout, channel) {
            g.vector($0) * (x.vector($0) - center)
        } rest: {
            g[$0] * (x[$0] - center)
        }
        let count = Double(layout.batch * layout.plane)
        let factor = weight / deviation
        let slope = isKept ? 0 : -factor * product / (count * deviation * deviation)
        let (a, b) = (Float(factor), Float(slope))
        let shift = isKept ? 0 : Float(-factor * bias / count - slope * mean)
        for image in 0..<layout.batch {
            let base = (image &* layout.channels &+ channel) &* layout.plane
            let (g, x, target) = (g + base, x + base, target + base)
            Elementwise.forEachVector(layout.plane) { at in
                let part = Vector(repeating: shift).addingProduct(x.vector(at), b)
                target.put(part.addingProduct(g.vector(at), a), at)
            } rest: { at in
                target[at] = a * g[at] + (b * x[at] + shift)
            }
        }
        return (product / deviation, bias)
    }
}
