import Flow
import Kernels
import Tensor

/// The affine coupling of GLOW, both halves transformed, while it is trained; see `Coupling`.
struct CouplingStep: FlowStep {
    let first: CoefficientFunction
    let second: CoefficientFunction
    let alpha: Float
    /// Finds the condition, if there is one.
    let condition: (FlowConditions) -> Variable?

    /// The coupling whose functions a model file names `NAME.coefficients1` and `NAME.coefficients2`.
    init(
        _ name: String, alpha: Float, _ function: (String) -> CoefficientFunction,
        condition: @escaping (FlowConditions) -> Variable?
    ) {
        (first, second) = (function("\(name).coefficients1"), function("\(name).coefficients2"))
        (self.alpha, self.condition) = (alpha, condition)
    }

    func forward(_ input: Flowing, _ logDeterminant: inout [Double], _ context: FlowContext) -> Flowing {
        let (x1, x2) = input.x.halves
        let (y1, s2) = Elementwise.couplingForward(
            x1, st: keeping(second, x2, context), alpha: alpha, context.execution)
        let (y2, s1) = Elementwise.couplingForward(
            x2, st: keeping(first, y1, context), alpha: alpha, context.execution)
        for n in logDeterminant.indices { logDeterminant[n] += s1[n] + s2[n] }
        return Flowing(x: Tensor.joined([y1, y2]), latents: input.latents)
    }

    func inverse(_ output: Flowing, _ context: FlowContext) -> Flowing {
        let (y1, y2) = output.x.halves
        let x2 = Elementwise.couplingInverse(y2, st: value(first, y1, context), alpha: alpha, context.execution).x
        let x1 = Elementwise.couplingInverse(y1, st: value(second, x2, context), alpha: alpha, context.execution).x
        return Flowing(x: Tensor.joined([x1, x2]), latents: output.latents)
    }

    func backward(_ output: FlowingGradient, logScale: Float, _ context: FlowContext) -> FlowingGradient {
        let ((y1, y2), (g1, g2)) = (output.value.x.halves, output.gradient.x.halves)
        // Each coupling gives its input from its output, and the gradients of its input and of its coefficients; those
        // go on through the coefficient function to the other half.
        let f1 = context.kept?.pop() ?? evaluated(first, y1, context)
        let upper = Elementwise.reverseCoupling(
            g2, output: y2, st: f1.coefficients, alpha: alpha, logScale: logScale, context.execution)
        let h1 = f1.backward(upper.coefficientGradient, adding: g1)
        let f2 = context.kept?.pop() ?? evaluated(second, upper.input, context)
        let lower = Elementwise.reverseCoupling(
            h1, output: y1, st: f2.coefficients, alpha: alpha, logScale: logScale, context.execution)
        let h2 = f2.backward(lower.coefficientGradient, adding: upper.inputGradient)
        return joined(output, lower.input, upper.input, lower.inputGradient, h2)
    }

    func inverseBackward(_ input: FlowingGradient, _ context: FlowContext) -> FlowingGradient {
        let ((x1, x2), (g1, g2)) = (input.value.x.halves, input.gradient.x.halves)
        let f2 = evaluated(second, x2, context)
        let lower = Elementwise.reverseInverseCoupling(
            g1, output: x1, st: f2.coefficients, alpha: alpha, context.execution)
        let h2 = f2.backward(lower.coefficientGradient, adding: g2)
        let f1 = evaluated(first, lower.input, context)
        let upper = Elementwise.reverseInverseCoupling(
            h2, output: x2, st: f1.coefficients, alpha: alpha, context.execution)
        let h1 = f1.backward(upper.coefficientGradient, adding: lower.inputGradient)
        return joined(input, lower.input, upper.input, h1, upper.inputGradient)
    }

    /// [s, t] of a function at `x`, whose evaluation the context keeps, if it keeps any.
    private func keeping(_ function: CoefficientFunction, _ x: Tensor, _ context: FlowContext) -> Tensor {
        guard let kept = context.kept else { return value(function, x, context) }
        let evaluation = evaluated(function, x, context)
        kept.push(evaluation)
        return evaluation.coefficients
    }

    private func evaluated(
        _ function: CoefficientFunction, _ x: Tensor, _ context: FlowContext
    ) -> CoefficientFunction.Evaluation {
        function.evaluated(at: x, condition(context.conditions), context.tape())
    }

    /// [s, t] of a function at `x`, with no way back.
    private func value(_ function: CoefficientFunction, _ x: Tensor, _ context: FlowContext) -> Tensor {
        function(Variable(x), condition(context.conditions).map { Variable($0.value) }, context.tape()).value
    }

    private func joined(
        _ whole: FlowingGradient, _ first: Tensor, _ second: Tensor, _ gradient1: Tensor, _ gradient2: Tensor
    ) -> FlowingGradient {
        FlowingGradient(
            value: Flowing(x: Tensor.joined([first, second]), latents: whole.value.latents),
            gradient: Flowing(
                x: Tensor.joined([gradient1, gradient2]), latents: whole.gradient.latents))
    }
}
