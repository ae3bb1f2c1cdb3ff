import Tensor

/// Covariances of two channels between the places of a picture: Gaussians of how unlike places are, and what draws show.
///
/// C(c, p; d, q) = [c = d]·Σⱼ sⱼ(c, p)·sⱼ(d, q)·kⱼ(p, q) + k(p, q)·Σᵢ uᵢ(c, p)·uᵢ(d, q), with draws' deviations uᵢ and
/// k(p, q) = exp(−Σᵣ θᵣ·|fᵣ(p) − fᵣ(q)|²) over several kinds of features. The second part is an ensemble Kalman filter's
/// (Evensen 1994), tapered; the first a Gaussian process's. Objects o may be added, which have a colour of their own:
/// [c = d]·Σ o(p)·o(q).
package struct PlaceCovariance: Sendable {
    /// One Gaussian of the sum.
    package struct Term: Sendable {
        /// θ of each kind of features.
        package var rates: [Float]
        /// Standard deviations of both channels at each place, [2, P].
        package var scales: Tensor

        package init(rates: [Float], scales: Tensor) {
            (self.rates, self.scales) = (rates, scales)
        }
    }

    /// Places worked on at a time, so that bits do not depend on the number of threads.
    private static let run = 256

    /// Places, P.
    package let places: Int
    private let features: [Tensor]
    private let terms: [Term]
    private let deviations: Tensor
    private let taper: [Float]

    /// - Parameters:
    ///   - features: One kind each, [F, P].
    ///   - terms: The Gaussians; none of them couples the channels.
    ///   - deviations: Of draws, scaled so that the sum of their products is their covariance, [K, 2, P].
    ///   - taper: θ of each kind of features for the draws' covariance.
    package init(features: [Tensor], terms: [Term], deviations: Tensor, taper: [Float]) {
        precondition(deviations.shape.count == 3 && deviations.shape[1] == 2, "deviations of \(deviations.shape)")
        places = deviations.shape[2]
        let (places, kinds) = (places, features.count)
        precondition(
            features.allSatisfy { $0.shape.count == 2 && $0.shape[1] == places }, "features of \(places) places")
        precondition(terms.allSatisfy { $0.rates.count == kinds && $0.scales.shape == [2, places] }, "terms")
        precondition(taper.count == kinds, "a taper of \(taper.count) rates for \(kinds) kinds of features")
        (self.features, self.terms, self.deviations, self.taper) = (features, terms, deviations, taper)
    }

    /// The covariances between some places, [2·n, 2·n], all of the first channel before all of the second.
    ///
    /// - Parameter objects: [O, P].
    package func matrix(of chosen: [Int], objects: Tensor, _ execution: Execution) -> Tensor {
        let own = part(chosen, objects)
        var result = Tensor(uninitialized: [2 * chosen.count, 2 * chosen.count])
        let (count, run) = (chosen.count, Self.run)
        result.withUnsafeMutablePointer { target in
            execution.spread(count, by: run) { columns in
                block(own, part(Array(chosen[columns]), objects)) { source, stride in
                    for row in 0..<2 * count {
                        for channel in 0..<2 {
                            let line = target + ((row &* 2 &+ channel) &* count + columns.lowerBound)
                            for i in 0..<columns.count {
                                line[i] = source[(row &* 2 &+ channel) &* stride &+ i]
                            }
                        }
                    }
                }
            }
        }
        return result
    }

    /// Weighted sums of some places' covariances with all places.
    ///
    /// - Parameters:
    ///   - weights: [V, 2·n], as the rows of `matrix`.
    ///   - objects: [O, P].
    /// - Returns: [V, 2, P].
    package func spread(
        _ weights: Tensor, from chosen: [Int], objects: Tensor, _ execution: Execution
    ) -> Tensor {
        precondition(weights.shape.count == 2 && weights.shape[1] == 2 * chosen.count, "weights \(weights.shape)")
        let (vectors, own, depth) = (weights.shape[0], part(chosen, objects), 2 * chosen.count)
        var result = Tensor(uninitialized: [vectors, 2, places])
        result.withUnsafeMutablePointer { target in
            weights.withUnsafePointer { weights in
                execution.spread(places, by: Self.run) { columns in
                    block(own, part(Array(columns), objects)) { source, stride in
                        for channel in 0..<2 {
                            Matrix.multiply(
                                rows: vectors, columns: columns.count, depth: depth, weights, stride: depth,
                                source + channel &* stride, stride: 2 &* stride,
                                target + (channel &* places &+ columns.lowerBound), stride: 2 &* places)
                        }
                    }
                }
            }
        }
        return result
    }

    /// The first channel's covariances of some places with all places, without objects, [n, P].
    package func rows(of chosen: [Int], _ execution: Execution) -> Tensor {
        let none = Tensor([0, places])
        let own = part(chosen, none)
        var result = Tensor(uninitialized: [chosen.count, places])
        result.withUnsafeMutablePointer { target in
            execution.spread(places, by: Self.run) { columns in
                block(own, part(Array(columns), none)) { source, stride in
                    for row in chosen.indices {
                        (target + (row &* places &+ columns.lowerBound)).update(
                            from: source + row &* 2 &* stride, count: columns.count)
                    }
                }
            }
        }
        return result
    }

    /// What is known of some places.
    private struct Part {
        let count: Int
        /// [F, n] of each kind.
        let features: [Tensor]
        /// Σ f² of each kind at each place.
        let squares: [[Float]]
        /// [2, n] of each term.
        let scales: [Tensor]
        /// [K, 2, n].
        let deviations: Tensor
        /// [O, n].
        let objects: Tensor
    }

    private func part(_ chosen: [Int], _ objects: Tensor) -> Part {
        precondition(objects.shape.count == 2 && objects.shape[1] == places, "objects of \(objects.shape)")
        let features = features.map { $0.columns(chosen, of: places) }
        return Part(
            count: chosen.count, features: features,
            squares: features.map { $0.columnSquares(chosen.count) },
            scales: terms.map { $0.scales.columns(chosen, of: places) },
            deviations: deviations.columns(chosen, of: places), objects: objects.columns(chosen, of: places))
    }

    /// Calls `body` with the covariances of two parts: rows [2, n], each of 2 runs of `stride` values for [2, m].
    private func block(_ rows: Part, _ columns: Part, _ body: (UnsafePointer<Float>, Int) -> Void) {
        let (n, m) = (rows.count, columns.count)
        let stride = (m + 7) & ~7
        let kinds = features.count
        let size = ((kinds + 4) * n + 2 * terms.count + kinds) * stride
        Scratch.with(size) { memory in
            memory.update(repeating: 0, count: size)
            let products = memory
            let result = memory + kinds * n * stride
            let scales = result + 4 * n * stride
            let squares = scales + 2 * terms.count * stride
            for kind in 0..<kinds {
                let depth = features[kind].shape[0]
                rows.features[kind].withUnsafePointer { a in
                    columns.features[kind].withUnsafePointer { b in
                        Matrix.multiply(
                            rows: n, columns: m, depth: depth, a, stride: n, transposed: true, b, stride: m,
                            products + kind * n * stride, stride: stride)
                    }
                }
                for i in 0..<m { squares[kind * stride + i] = columns.squares[kind][i] }
            }
            for (index, term) in columns.scales.enumerated() {
                term.withUnsafePointer { source in
                    for channel in 0..<2 {
                        (scales + (2 * index + channel) * stride).update(from: source + channel * m, count: m)
                    }
                }
            }
            let draws = deviations.shape[0]
            rows.deviations.withUnsafePointer { a in
                columns.deviations.withUnsafePointer { b in
                    for channel in 0..<2 {
                        Matrix.multiply(
                            rows: 2 * n, columns: m, depth: draws, a, stride: 2 * n, transposed: true,
                            b + channel * m, stride: 2 * m, result + channel * stride, stride: 2 * stride)
                    }
                }
            }
            for row in 0..<n {
                finish(row, rows, products, squares: squares, scales: scales, result, stride)
            }
            add(rows, columns, to: result, stride)
            body(UnsafePointer(result), stride)
        }
    }

    /// Adds the objects' covariances.
    private func add(_ rows: Part, _ columns: Part, to result: UnsafeMutablePointer<Float>, _ stride: Int) {
        let (n, m, depth) = (rows.count, columns.count, rows.objects.shape[0])
        guard depth > 0 else { return }
        rows.objects.withUnsafePointer { a in
            columns.objects.withUnsafePointer { b in
                for channel in 0..<2 {
                    Matrix.multiply(
                        rows: n, columns: m, depth: depth, a, stride: n, transposed: true, b, stride: m,
                        result + channel * (2 * n + 1) * stride, stride: 2 * stride, beta: 1)
                }
            }
        }
    }

    /// Makes one place's products of features and of deviations into covariances.
    private func finish(
        _ row: Int, _ rows: Part, _ products: UnsafePointer<Float>, squares: UnsafePointer<Float>,
        scales: UnsafePointer<Float>, _ result: UnsafeMutablePointer<Float>, _ stride: Int
    ) {
        let (n, kinds) = (rows.count, features.count)
        let own = rows.squares.map { $0[row] }
        let ownScales = rows.scales.map { term in
            term.withUnsafePointer { (Vector(repeating: $0[row]), Vector(repeating: $0[n &+ row])) }
        }
        var exponents = [Vector](repeating: Vector(repeating: 0), count: terms.count)
        for at in Swift.stride(from: 0, to: stride, by: 8) {
            var shared = Vector(repeating: 0)
            for term in terms.indices { exponents[term] = Vector(repeating: 0) }
            for kind in 0..<kinds {
                let product = products.vector((kind &* n &+ row) &* stride &+ at)
                let lengths = squares.vector(kind &* stride &+ at) + Vector(repeating: own[kind])
                let raw = lengths - product - product
                let apart = raw.replacing(with: 0, where: raw .< 0)
                shared = shared.addingProduct(apart, -taper[kind])
                for term in terms.indices {
                    exponents[term] = exponents[term].addingProduct(apart, -terms[term].rates[kind])
                }
            }
            var sums = (Vector(repeating: 0), Vector(repeating: 0))
            for term in terms.indices {
                let likeness = VectorMath.exp(exponents[term])
                let other = UnsafePointer(scales + (2 &* term &* stride &+ at))
                sums.0 = sums.0.addingProduct(likeness * ownScales[term].0, other.vector(0))
                sums.1 = sums.1.addingProduct(likeness * ownScales[term].1, other.vector(stride))
            }
            let likeness = VectorMath.exp(shared)
            for channel in 0..<2 {
                let line = result + ((channel &* n &+ row) &* 2 &* stride &+ at)
                for other in 0..<2 {
                    var value = line.vector(other &* stride) * likeness
                    if channel == other { value += channel == 0 ? sums.0 : sums.1 }
                    line.put(value, other &* stride)
                }
            }
        }
    }
}

extension Tensor {
    /// Some places of [C…, P], in another order.
    fileprivate func columns(_ chosen: [Int], of places: Int) -> Tensor {
        let lines = count / places
        var result = Tensor(uninitialized: Array(shape.dropLast()) + [chosen.count])
        result.withUnsafeMutablePointer { target in
            withUnsafePointer { source in
                for line in 0..<lines {
                    for (i, place) in chosen.enumerated() {
                        target[line &* chosen.count &+ i] = source[line &* places &+ place]
                    }
                }
            }
        }
        return result
    }

    /// Sums of squares over the rows of [F, n].
    fileprivate func columnSquares(_ columns: Int) -> [Float] {
        var sums = [Float](repeating: 0, count: columns)
        withUnsafePointer { source in
            for line in 0..<count / max(1, columns) {
                for i in 0..<columns { sums[i] += source[line &* columns &+ i] * source[line &* columns &+ i] }
            }
        }
        return sums
    }
}
