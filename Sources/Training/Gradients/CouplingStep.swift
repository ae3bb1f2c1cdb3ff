import Flow
import Kernels
import Tensor

/// The affine coupling of GLOW, both halves transformed, while it is trained; see `Coupling`.
struct CouplingStep: FlowStep {
    let first: CoefficientFunction
    let second: CoefficientFunction
    let alpha: Float
    /// Finds the condition, if there is one.
    let condition: (ConditioningGraph.Conditions) -> Variable?

    func forward(_ input: Flowing, _ logDeterminant: inout [Double], _ context: FlowContext) -> Flowing {
        let (x1, x2) = input.x.halves
        let (y1, s2) = Elementwise.couplingForward(
            x1, st: evaluate(second, x2, context), alpha: alpha, context.execution)
        let (y2, s1) = Elementwise.couplingForward(
            x2, st: evaluate(first, y1, context), alpha: alpha, context.execution)
        for n in logDeterminant.indices { logDeterminant[n] += s1[n] + s2[n] }
        return Flowing(x: Tensor.joined([y1, y2]), latents: input.latents)
    }

    func inverse(_ output: Flowing, _ context: FlowContext) -> Flowing {
        let (y1, y2) = output.x.halves
        let x2 = Elementwise.couplingInverse(y2, st: evaluate(first, y1, context), alpha: alpha, context.execution).x
        let x1 = Elementwise.couplingInverse(y1, st: evaluate(second, x2, context), alpha: alpha, context.execution).x
        return Flowing(x: Tensor.joined([x1, x2]), latents: output.latents)
    }

    func backward(_ output: FlowingGradient, logScale: Float, _ context: FlowContext) -> FlowingGradient {
        let ((y1, y2), (g1, g2)) = (output.value.x.halves, output.gradient.x.halves)
        // Each coupling gives its input from its output, and the gradients of its input and of its coefficients; those
        // go on through the coefficient function to the other half.
        let (upper, h1) = pass(first, y1, g1, context) { st in
            Elementwise.reverseCoupling(g2, output: y2, st: st, alpha: alpha, logScale: logScale, context.execution)
        }
        let (lower, h2) = pass(second, upper.input, upper.inputGradient, context) { st in
            Elementwise.reverseCoupling(h1, output: y1, st: st, alpha: alpha, logScale: logScale, context.execution)
        }
        return joined(output, lower.input, upper.input, lower.inputGradient, h2)
    }

    func inverseBackward(_ input: FlowingGradient, _ context: FlowContext) -> FlowingGradient {
        let ((x1, x2), (g1, g2)) = (input.value.x.halves, input.gradient.x.halves)
        let (lower, h2) = pass(second, x2, g2, context) { st in
            Elementwise.reverseInverseCoupling(g1, output: x1, st: st, alpha: alpha, context.execution)
        }
        let (upper, h1) = pass(first, lower.input, lower.inputGradient, context) { st in
            Elementwise.reverseInverseCoupling(h2, output: x2, st: st, alpha: alpha, context.execution)
        }
        return joined(input, lower.input, upper.input, h1, upper.inputGradient)
    }

    /// Evaluates a coefficient function at `x`, then sends back what `couple` makes of its coefficients.
    ///
    /// Returns that, and the gradient of x: what it had, `gradient`, and what came through the function.
    private func pass(
        _ function: CoefficientFunction, _ x: Tensor, _ gradient: Tensor, _ context: FlowContext,
        _ couple: (Tensor) -> Elementwise.CouplingReversal
    ) -> (Elementwise.CouplingReversal, Tensor) {
        let tape = context.tape()
        let variable = Variable(x, needsGradient: true)
        let st = function(variable, condition(context.conditions), tape)
        let result = couple(st.value)
        st.receive(result.coefficientGradient, context.execution)
        variable.receive(gradient, context.execution)
        tape.backward()
        return (result, variable.takeGradient() ?? gradient)
    }

    private func evaluate(_ function: CoefficientFunction, _ x: Tensor, _ context: FlowContext) -> Tensor {
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
