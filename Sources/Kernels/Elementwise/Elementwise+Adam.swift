import Tensor

extension Elementwise {
    /// The numbers of one step of Adam (Kingma & Ba 2015), with L2 added to the gradient.
    package struct AdamStep: Sendable {
        package var rate: Float
        package var beta1: Float
        package var beta2: Float
        package var epsilon: Float
        /// L2 decay.
        package var decay: Float
        /// 1 − β₁ᵗ and 1 − β₂ᵗ at step t.
        package var correction1: Float
        package var correction2: Float
        /// Factor on the gradient before all else.
        package var scale: Float

        package init(
            rate: Float, beta1: Float, beta2: Float, epsilon: Float, decay: Float, correction1: Float,
            correction2: Float, scale: Float
        ) {
            (self.rate, self.beta1, self.beta2, self.epsilon) = (rate, beta1, beta2, epsilon)
            (self.decay, self.correction1, self.correction2, self.scale) = (decay, correction1, correction2, scale)
        }
    }

    /// One step in place: g = scale·gradient + decay·x; m ← β₁m + (1−β₁)g; v ← β₂v + (1−β₂)g²;
    /// x ← x − rate·(m/c₁)/(√(v/c₂) + ε).
    package static func adam(
        _ x: inout Tensor, gradient: Tensor, m: inout Tensor, v: inout Tensor, _ step: AdamStep,
        _ execution: Execution
    ) {
        precondition(x.shape == gradient.shape && x.shape == m.shape && x.shape == v.shape, "moments of other shapes")
        let count = x.count
        let rate = step.rate / step.correction1
        let root = 1 / step.correction2.squareRoot()
        x.withUnsafeMutablePointer { x in
            m.withUnsafeMutablePointer { m in
                v.withUnsafeMutablePointer { v in
                    gradient.withUnsafePointer { gradient in
                        execution.spread(count, by: chunk) { range in
                            let (x, m) = (x + range.lowerBound, m + range.lowerBound)
                            let (v, gradient) = (v + range.lowerBound, gradient + range.lowerBound)
                            forEachVector(range.count) { at in
                                let value = x.vector(at)
                                let g = (value * step.decay).addingProduct(gradient.vector(at), step.scale)
                                let first = (g * (1 - step.beta1)).addingProduct(m.vector(at), step.beta1)
                                let second = (g * g * (1 - step.beta2)).addingProduct(v.vector(at), step.beta2)
                                m.put(first, at)
                                v.put(second, at)
                                x.put(value - first * rate / (VectorMath.squareRoot(second) * root + step.epsilon), at)
                            } rest: { at in
                                let g = (x[at] * step.decay).addingProduct(gradient[at], step.scale)
                                m[at] = (g * (1 - step.beta1)).addingProduct(m[at], step.beta1)
                                v[at] = (g * g * (1 - step.beta2)).addingProduct(v[at], step.beta2)
                                x[at] -= m[at] * rate / (v[at].squareRoot() * root + step.epsilon)
                            }
                        }
                    }
                }
            }
        }
    }
}
