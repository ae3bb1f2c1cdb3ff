import Tensor

extension Elementwise {
    /// Values and gradients sent back through `y = x·exp(s′) + t`, with s′ from `SoftClamp`.
    package struct CouplingReversal: Sendable {
        /// The layer's input, recomputed from its output.
        package let input: Tensor
        /// The gradient of the input, `[N, h, …]`.
        package let inputGradient: Tensor
        /// The gradient of s and t before the clamp, `[N, 2h, …]`.
        package let coefficientGradient: Tensor
    }

    /// The gradients of an affine coupling from its output `y`, so that its input need not be kept.
    ///
    /// - Parameters:
    ///   - gradient: that of `y`, `[N, h, …]`.
    ///   - st: the coefficients, `[N, 2h, …]`, all of s before t.
    ///   - logScale: the gradient of each s′ for its part in log|det J|, the same for all.
    package static func reverseCoupling(
        _ gradient: Tensor, output y: Tensor, st: Tensor, alpha: Float, logScale: Float, _ execution: Execution
    ) -> CouplingReversal {
        reverseCoupling(gradient, known: y, st, alpha, logScale, isInverse: false, execution)
    }

    /// The gradients of the inverse, `x = (y − t)·exp(−s′)`, from its output `x`; `input` of the result is y.
    package static func reverseInverseCoupling(
        _ gradient: Tensor, output x: Tensor, st: Tensor, alpha: Float, _ execution: Execution
    ) -> CouplingReversal {
        reverseCoupling(gradient, known: x, st, alpha, 0, isInverse: true, execution)
    }

    private static func reverseCoupling(
        _ gradient: Tensor, known: Tensor, _ st: Tensor, _ alpha: Float, _ logScale: Float, isInverse: Bool,
        _ execution: Execution
    ) -> CouplingReversal {
        precondition(
            known.shape.count >= 2 && st.shape == [known.shape[0], 2 * known.shape[1]] + known.shape.dropFirst(2)
                && gradient.shape == known.shape,
            "s and t \(st.shape) and gradient \(gradient.shape) for values \(known.shape)")
        let batch = known.shape[0]
        let size = batch == 0 ? 0 : known.count / batch
        var input = Tensor(uninitialized: known.shape)
        var inputGradient = Tensor(uninitialized: known.shape)
        var coefficients = Tensor(uninitialized: st.shape)
        let clamp = SoftClamp(alpha: alpha)
        let pass = isInverse ? inverseSample : forwardSample
        input.withUnsafeMutablePointer { input in
            inputGradient.withUnsafeMutablePointer { inputGradient in
                coefficients.withUnsafeMutablePointer { coefficients in
                    gradient.withUnsafePointer { gradient in
                        known.withUnsafePointer { known in
                            st.withUnsafePointer { st in
                                execution.spread(batch) { n in
                                    let at = n &* size
                                    pass(
                                        size, clamp, logScale, gradient + at, known + at, st + 2 &* at, input + at,
                                        inputGradient + at, coefficients + 2 &* at)
                                }
                            }
                        }
                    }
                }
            }
        }
        return CouplingReversal(input: input, inputGradient: inputGradient, coefficientGradient: coefficients)
    }

    private typealias Sample =
        @Sendable (
            Int, SoftClamp, Float, UnsafePointer<Float>, UnsafePointer<Float>, UnsafePointer<Float>,
            UnsafeMutablePointer<Float>, UnsafeMutablePointer<Float>, UnsafeMutablePointer<Float>
        ) -> Void

    private static let forwardSample: Sample = { size, clamp, logScale, g, y, st, x, gx, gst in
        forEach(size, st, clamp) { s, slope, at in
            let part = (y.padded(at, size) - st.padded(at, size, size)) * VectorMath.exp(-s)
            let gradient = g.padded(at, size)
            let grown = gradient * VectorMath.exp(s)
            x.put(part, at, size)
            gx.put(grown, at, size)
            gst.put((part * grown + logScale) * slope, at, size)
            gst.put(gradient, at, size, size)
        }
    }

    private static let inverseSample: Sample = { size, clamp, _, g, x, st, y, gy, gst in
        forEach(size, st, clamp) { s, slope, at in
            let value = x.padded(at, size)
            let shrunk = g.padded(at, size) * VectorMath.exp(-s)
            y.put(st.padded(at, size, size).addingProduct(value, VectorMath.exp(s)), at, size)
            gy.put(shrunk, at, size)
            // dx/ds′ = −x and dx/dt = −exp(−s′).
            gst.put(-(g.padded(at, size) * value) * slope, at, size)
            gst.put(-shrunk, at, size, size)
        }
    }

    /// Visits eight values at a time: s′, ds′/ds, and the offset.
    @inline(__always)
    private static func forEach(
        _ size: Int, _ st: UnsafePointer<Float>, _ clamp: SoftClamp, _ body: (Vector, Vector, Int) -> Void
    ) {
        for at in stride(from: 0, to: size, by: 8) {
            let s = st.padded(at, size)
            body(clamp(s), clamp.slope(s), at)
        }
    }
}

extension UnsafePointer<Float> {
    /// Eight floats at `base + at`, zeros beyond `size`.
    @inline(__always)
    fileprivate func padded(_ at: Int, _ size: Int, _ base: Int = 0) -> Vector {
        if at &+ 8 <= size { return vector(base &+ at) }
        var result = Vector.zero
        for lane in 0..<size &- at { result[lane] = self[base &+ at &+ lane] }
        return result
    }
}

extension UnsafeMutablePointer<Float> {
    /// Writes as many of eight floats as lie before `size`, at `base + at`.
    @inline(__always)
    fileprivate func put(_ vector: Vector, _ at: Int, _ size: Int, _ base: Int = 0) {
        if at &+ 8 <= size { return put(vector, base &+ at) }
        for lane in 0..<size &- at { self[base &+ at &+ lane] = vector[lane] }
    }
}
