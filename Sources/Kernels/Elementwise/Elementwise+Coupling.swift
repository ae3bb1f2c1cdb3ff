import Tensor

extension Elementwise {
    /// y = x·exp(s′) + t, with s′ from `SoftClamp`: the forward direction of an affine coupling.
    ///
    /// `x` is `[N, h, …]` and `st` `[N, 2h, …]`, all of s before t. Also returns Σ s′ of each sample, which is what the
    /// layer adds to log|det J|.
    package static func couplingForward(
        _ x: Tensor, st: Tensor, alpha: Float, _ execution: Execution
    ) -> (y: Tensor, logScales: [Double]) {
        couple(x, st, alpha, execution) { x, s, t in t.addingProduct(x, VectorMath.exp(s)) }
    }

    /// x = (y − t)·exp(−s′): the inverse of `couplingForward`, with the same Σ s′ (not negated).
    package static func couplingInverse(
        _ y: Tensor, st: Tensor, alpha: Float, _ execution: Execution
    ) -> (x: Tensor, logScales: [Double]) {
        let result = couple(y, st, alpha, execution) { y, s, t in (y - t) * VectorMath.exp(-s) }
        return (result.0, result.1)
    }

    @inline(__always)
    private static func couple(
        _ x: Tensor, _ st: Tensor, _ alpha: Float, _ execution: Execution,
        _ combine: (_ x: Vector, _ s: Vector, _ t: Vector) -> Vector
    ) -> (Tensor, [Double]) {
        let clamp = SoftClamp(alpha: alpha)
        precondition(
            x.shape.count >= 2 && st.shape == [x.shape[0], 2 * x.shape[1]] + x.shape.dropFirst(2),
            "s and t \(st.shape) for values \(x.shape)")
        let batch = x.shape[0]
        let size = batch == 0 ? 0 : x.count / batch
        var output = Tensor(uninitialized: x.shape)
        var sums = [Double](repeating: 0, count: batch)
        output.withUnsafeMutablePointer { target in
            x.withUnsafePointer { source in
                st.withUnsafePointer { st in
                    sums.withUnsafeMutableBufferPointer { sums in
                        execution.spread(batch) { sample in
                            sums[sample] = coupleSample(
                                size, clamp, source + sample &* size, st + 2 &* sample &* size,
                                target + sample &* size, combine)
                        }
                    }
                }
            }
        }
        return (output, sums)
    }

    @inline(__always)
    private static func coupleSample(
        _ size: Int, _ clamp: SoftClamp, _ x: UnsafePointer<Float>, _ st: UnsafePointer<Float>,
        _ y: UnsafeMutablePointer<Float>, _ combine: (Vector, Vector, Vector) -> Vector
    ) -> Double {
        var sums = SIMD8<Double>.zero
        var index = 0
        while index &+ 8 <= size {
            let s = clamp(st.vector(index))
            y.put(combine(x.vector(index), s, st.vector(size &+ index)), index)
            sums += doubles(s)
            index &+= 8
        }
        if index < size {
            // The rest as one more vector, filled up with zeros, for which s′ is zero too.
            var (x8, s8, t8) = (Vector.zero, Vector.zero, Vector.zero)
            for lane in 0..<size &- index {
                (x8[lane], s8[lane], t8[lane]) = (x[index &+ lane], st[index &+ lane], st[size &+ index &+ lane])
            }
            let s = clamp(s8)
            let result = combine(x8, s, t8)
            for lane in 0..<size &- index { y[index &+ lane] = result[lane] }
            sums += doubles(s)
        }
        return sums.sum()
    }

    /// Lane by lane, as the library's own conversion of vectors is not specialised and slow.
    @inline(__always)
    private static func doubles(_ x: Vector) -> SIMD8<Double> {
        SIMD8(
            Double(x[0]), Double(x[1]), Double(x[2]), Double(x[3]), Double(x[4]), Double(x[5]), Double(x[6]),
            Double(x[7]))
    }
}
