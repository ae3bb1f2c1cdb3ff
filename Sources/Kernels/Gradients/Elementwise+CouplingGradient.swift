import Tensor

extension Elementwise {
    /// Gradients of `couplingForward`: with e = exp(s′), dx = dy·e, dt = dy and
    /// ds = (dy·x·e + dΣs′)·0.636/(1 + (s/α)²).
    ///
    /// - Parameters:
    ///   - x: What went in, `[N, h, …]`.
    ///   - st: The coefficients, `[N, 2h, …]`, all of s before t, s before the clamp.
    ///   - dy: The loss's derivative by what came out.
    ///   - dLogScale: The loss's derivative by each sample's Σ s′.
    package static func couplingGradient(
        _ x: Tensor, st: Tensor, alpha: Float, dy: Tensor, dLogScale: Float, _ execution: Execution
    ) -> (dx: Tensor, dst: Tensor) {
        precondition(
            x.shape.count >= 2 && st.shape == [x.shape[0], 2 * x.shape[1]] + x.shape.dropFirst(2)
                && dy.shape == x.shape,
            "s and t \(st.shape) and gradient \(dy.shape) for values \(x.shape)")
        let batch = x.shape[0]
        let size = batch == 0 ? 0 : x.count / batch
        let (inner, outer) = (1 / alpha, 0.636 * alpha)
        var dx = Tensor(uninitialized: x.shape)
        var dst = Tensor(uninitialized: st.shape)
        dx.withUnsafeMutablePointer { dx in
            dst.withUnsafeMutablePointer { dst in
                x.withUnsafePointer { x in
                    st.withUnsafePointer { st in
                        dy.withUnsafePointer { dy in
                            execution.spread(batch) { sample in
                                let start = sample &* size
                                let (x, dy, dx) = (x + start, dy + start, dx + start)
                                let (s, ds) = (st + 2 &* start, dst + 2 &* start)
                                forEachVector(size) { at in
                                    let ratio = s.vector(at) * inner
                                    let product = dy.vector(at) * VectorMath.exp(VectorMath.atan(ratio) * outer)
                                    let slope = 0.636 / (1 + ratio * ratio)
                                    dx.put(product, at)
                                    ds.put((product * x.vector(at) + dLogScale) * slope, at)
                                    ds.put(dy.vector(at), size &+ at)
                                } rest: { at in
                                    let ratio = s[at] * inner
                                    let scale = VectorMath.exp(VectorMath.atan(Vector(repeating: ratio)) * outer)[0]
                                    dx[at] = dy[at] * scale
                                    ds[at] = (dx[at] * x[at] + dLogScale) * 0.636 / (1 + ratio * ratio)
                                    ds[size &+ at] = dy[at]
                                }
                            }
                        }
                    }
                }
            }
        }
        return (dx, dst)
    }
}
