import Foundation
import Kernels
import Tensor

/// The conditional affine start `u = (x − μ)·exp(−s)` while it is trained; see `AffineStart`.
struct AffineStep: FlowStep {
    func forward(_ input: Flowing, _ logDeterminant: inout [Double], _ context: FlowContext) -> Flowing {
        let (mean, scale) = affine(context)
        let size = scale.value.count / max(1, logDeterminant.count)
        scale.value.withUnsafePointer { s in
            for n in logDeterminant.indices {
                for i in n * size..<(n + 1) * size { logDeterminant[n] -= Double(s[i]) }
            }
        }
        return Flowing(
            x: input.x.combined(mean.value, -).combined(scale.value) { $0 * exp(-$1) }, latents: input.latents)
    }

    func inverse(_ output: Flowing, _ context: FlowContext) -> Flowing {
        let (mean, scale) = affine(context)
        return Flowing(
            x: output.x.combined(scale.value) { $0 * exp($1) }.combined(mean.value, +), latents: output.latents)
    }

    func backward(_ output: FlowingGradient, logScale: Float, _ context: FlowContext) -> FlowingGradient {
        let (mean, scale) = affine(context)
        let (u, gradient) = (output.value.x, output.gradient.x)
        let inward = gradient.combined(scale.value) { $0 * exp(-$1) }
        mean.receive(inward.map(-), context.execution)
        scale.receive(gradient.combined(u) { -$0 * $1 - logScale }, context.execution)
        return FlowingGradient(
            value: inverse(output.value, context), gradient: Flowing(x: inward, latents: output.gradient.latents))
    }

    func inverseBackward(_ input: FlowingGradient, _ context: FlowContext) -> FlowingGradient {
        let (mean, scale) = affine(context)
        let (x, gradient) = (input.value.x, input.gradient.x)
        let offset = x.combined(mean.value, -)
        mean.receive(gradient, context.execution)
        scale.receive(gradient.combined(offset, *), context.execution)
        return FlowingGradient(
            value: Flowing(x: offset.combined(scale.value) { $0 * exp(-$1) }, latents: input.value.latents),
            gradient: Flowing(
                x: gradient.combined(scale.value) { $0 * exp($1) }, latents: input.gradient.latents))
    }

    private func affine(_ context: FlowContext) -> (mean: Variable, scale: Variable) {
        guard let affine = context.conditions.affine else { preconditionFailure("this network has no affine start") }
        return affine
    }
}
