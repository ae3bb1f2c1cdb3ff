import Tensor

/// Means over the places of a picture, weighted by similarity and nearness.
///
/// After Buades, Coll and Morel 2005; similarity is that of features instead of patches:
/// w(i, j) ∝ exp(−|fᵢ − fⱼ|²/2h² − |pᵢ − pⱼ|²/2r²), with the features' mean square distance in units of their mean square,
/// and places in units of the picture's sides.
package struct NonLocalMeans: Sendable {
    /// Each place's weights of all places, `[N, P, P]` with P = H·W; rows sum to 1.
    package let weights: Tensor

    /// Rows of weights computed in one product, so that their bits do not depend on the number of threads.
    private static let run = 64

    /// The weights by features `[N, F, H, W]`, with `bandwidth` for h and `reach` for r.
    package init(features: Tensor, bandwidth: Float, reach: Float, _ execution: Execution) {
        precondition(features.shape.count == 4 && features.count > 0, "no places in features \(features.shape)")
        precondition(bandwidth > 0 && reach > 0, "bandwidth \(bandwidth) and reach \(reach)")
        let (images, channels) = (features.shape[0], features.shape[1])
        let (height, width) = (features.shape[2], features.shape[3])
        let places = height * width
        let rows = Self.distances(height, reach)
        let columns = Self.distances(width, reach)
        let squares = features.withUnsafePointer { source in
            (0..<images).map { Self.halfSquares(source + $0 * channels * places, channels, places) }
        }
        let factors = squares.map { half in
            let mean = half.reduce(0, +) * 2 / Float(channels * places)
            return mean > 0 ? 1 / (bandwidth * bandwidth * Float(channels) * mean) : 0
        }
        let runs = (places + Self.run - 1) / Self.run
        execution.counter?.add(multiplications: images * places * places * channels)
        var weights = Tensor(uninitialized: [images, places, places])
        weights.withUnsafeMutablePointer { target in
            features.withUnsafePointer { source in
                execution.spread(images * runs) { index in
                    let (image, run) = index.quotientAndRemainder(dividingBy: runs)
                    let first = run * Self.run
                    let count = min(Self.run, places - first)
                    let all = source + image * channels * places
                    let block = target + (image * places + first) * places
                    Matrix.multiply(
                        rows: count, columns: places, depth: channels, all + first, stride: places, transposed: true,
                        all, stride: places, block, stride: places)
                    let half = squares[image]
                    for place in first..<first + count {
                        let (row, column) = place.quotientAndRemainder(dividingBy: width)
                        Self.soften(
                            block + (place - first) * places, half, own: half[place], factors[image],
                            rows[row], columns[column])
                    }
                }
            }
        }
        self.weights = weights
    }

    /// The means of each plane of `[S, C, H, W]`, by the weights of one image for all or of as many images.
    ///
    /// A sample's bits do not depend on the others of its batch.
    package func callAsFunction(_ x: Tensor, _ execution: Execution) -> Tensor {
        mean(x, execution, Self.product)
    }

    /// Applies `row` to each place's weights and each plane's values.
    private func mean(
        _ x: Tensor, _ execution: Execution, _ row: (UnsafePointer<Float>, UnsafePointer<Float>, Int) -> Float
    ) -> Tensor {
        let (samples, channels, places) = (x.shape[0], x.shape[1], weights.shape[1])
        precondition(
            x.shape.count == 4 && x.shape[2] * x.shape[3] == places && [1, samples].contains(weights.shape[0]),
            "weights of shape \(weights.shape) for \(x.shape)")
        let images = weights.shape[0]
        let planes = samples / images * channels
        execution.counter?.add(multiplications: x.count * places)
        var means = Tensor(uninitialized: x.shape)
        means.withUnsafeMutablePointer { target in
            x.withUnsafePointer { source in
                weights.withUnsafePointer { weights in
                    // A place's weights stay at hand for all planes; a product for each sample would pack them anew.
                    execution.spread(images * places, by: Self.run) { rows in
                        for index in rows {
                            let (image, place) = index.quotientAndRemainder(dividingBy: places)
                            for plane in image &* planes..<(image &+ 1) &* planes {
                                target[plane &* places &+ place] = row(
                                    weights + index &* places, source + plane &* places, places)
                            }
                        }
                    }
                }
            }
        }
        return means
    }

    /// The same by weights of a bandwidth and a reach 1/√8 times as wide: their eighth powers, normalised anew.
    package func narrow(_ x: Tensor, _ execution: Execution) -> Tensor {
        mean(x, execution) { weights, values, count in
            var (sum, total, rest) = (Vector(), Vector(), (sum: Float(0), total: Float(0)))
            Elementwise.forEachVector(count) { at in
                let weight = Self.eighthPower(weights.vector(at))
                sum = sum.addingProduct(weight, values.vector(at))
                total += weight
            } rest: { at in
                let weight = Self.eighthPower(Vector(repeating: weights[at]))[0]
                rest.sum += weight * values[at]
                rest.total += weight
            }
            return (sum.sum() + rest.sum) / (total.sum() + rest.total)
        }
    }

    private static func eighthPower(_ x: Vector) -> Vector {
        let square = x * x
        let fourth = square * square
        return fourth * fourth
    }

    private static func product(_ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, _ count: Int) -> Float {
        // Four sums hide the latency of the additions.
        var (s0, s1, s2, s3, rest) = (Vector(), Vector(), Vector(), Vector(), Float(0))
        var index = 0
        while index &+ 32 <= count {
            s0 = s0.addingProduct(a.vector(index), b.vector(index))
            s1 = s1.addingProduct(a.vector(index &+ 8), b.vector(index &+ 8))
            s2 = s2.addingProduct(a.vector(index &+ 16), b.vector(index &+ 16))
            s3 = s3.addingProduct(a.vector(index &+ 24), b.vector(index &+ 24))
            index &+= 32
        }
        while index < count {
            rest += a[index] * b[index]
            index &+= 1
        }
        return ((s0 + s1) + (s2 + s3)).sum() + rest
    }

    /// A row of products fᵢ·fⱼ to weights that sum to 1.
    private static func soften(
        _ line: UnsafeMutablePointer<Float>, _ half: [Float], own: Float, _ factor: Float, _ rows: [Float],
        _ columns: [Float]
    ) {
        let width = columns.count
        var (lanes, rest) = (Vector(), Float(0))
        half.withUnsafeBufferPointer { half in
            columns.withUnsafeBufferPointer { columns in
                guard let half = half.baseAddress, let columns = columns.baseAddress else { return }
                for (row, far) in rows.enumerated() {
                    let (cells, squares) = (line + row &* width, half + row &* width)
                    Elementwise.forEachVector(width) { at in
                        let apart = cells.vector(at) - squares.vector(at) - own
                        let weight = VectorMath.exp((columns.vector(at) + far).addingProduct(apart, factor))
                        cells.put(weight, at)
                        lanes += weight
                    } rest: { at in
                        let apart = cells[at] - squares[at] - own
                        cells[at] = VectorMath.exp(Vector(repeating: columns[at] + far + apart * factor))[0]
                        rest += cells[at]
                    }
                }
            }
        }
        let scale = 1 / (lanes.sum() + rest)
        Elementwise.forEachVector(rows.count * width) { at in
            line.put(line.vector(at) * scale, at)
        } rest: { at in
            line[at] *= scale
        }
    }

    /// −(distance/side)²/2r² of each place of an axis from each.
    private static func distances(_ side: Int, _ reach: Float) -> [[Float]] {
        (0..<side).map { from in
            (0..<side).map { to in
                let distance = Float(from - to) / Float(side)
                return -distance * distance / (2 * reach * reach)
            }
        }
    }

    /// ½|f|² at each place of one image, `[F, P]`.
    private static func halfSquares(_ features: UnsafePointer<Float>, _ channels: Int, _ places: Int) -> [Float] {
        (0..<channels).reduce(into: [Float](repeating: 0, count: places)) { sums, channel in
            for place in 0..<places {
                let value = features[channel &* places &+ place]
                sums[place] += 0.5 * value * value
            }
        }
    }
}
