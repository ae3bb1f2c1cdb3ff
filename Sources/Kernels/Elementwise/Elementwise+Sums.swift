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
