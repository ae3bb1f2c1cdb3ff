import Tensor

extension Elementwise {
    /// The sum of each channel over images and pixels, `[N, C, …]` → `[C]`.
    package static func channelSums(_ x: Tensor, _ execution: Execution) -> Tensor {
        let layout = Layout(x)
        var result = Tensor(uninitialized: [layout.channels])
        result.withUnsafeMutablePointer { target in
            x.withUnsafePointer { source in
                execution.spread(layout.channels, by: channelStep(layout)) { channels in
                    for channel in channels {
                        target[channel] = Float(
                            sum(layout, channel) {
                                source.vector($0)
                            } rest: {
                                source[$0]
                            })
                    }
                }
            }
        }
        return result
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

    /// Channels that make a piece of work worth its own turn.
    static func channelStep(_ layout: Layout) -> Int { max(1, 32768 / max(1, layout.batch * layout.plane)) }

    /// Sums what `vector` and `rest` give at each offset of a channel's values: single precision for up to 1024
    /// values in eight lanes, double beyond.
    @inline(__always)
    static func sum(_ layout: Layout, _ channel: Int, _ vector: (Int) -> Vector, rest: (Int) -> Float) -> Double {
        var total = 0.0
        for image in 0..<layout.batch {
            let base = (image &* layout.channels &+ channel) &* layout.plane
            var start = 0
            while start < layout.plane {
                let count = min(1024, layout.plane &- start)
                var (lanes, single) = (Vector.zero, Float(0))
                let from = base &+ start
                forEachVector(count) {
                    lanes += vector(from &+ $0)
                } rest: {
                    single += rest(from &+ $0)
                }
                total += Double(lanes.sum() + single)
                start &+= count
            }
        }
        return total
    }
}
