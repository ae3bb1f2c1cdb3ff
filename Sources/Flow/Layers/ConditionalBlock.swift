import Kernels
import Tensor

/// A conditional coupling on images, then an orthogonal 1×1 convolution `y = R x`.
struct ConditionalBlock: Sendable {
    /// The condition's part in the first convolutions of both coefficient functions, [N or 1, hidden, H, W].
    struct Condition: Sendable {
        let first: Tensor
        let second: Tensor
    }

    private let coefficients1: ConvolutionCoefficients
    private let coefficients2: ConvolutionCoefficients
    /// The first convolutions' parts in c of both functions, stacked.
    private let projection: Convolution
    private let rotation: Rotation

    init(_ name: String, channels: Int, condition: Int, hidden: Int, from weights: any Weights) throws(ModelError) {
        var parts: [(filters: Tensor, bias: [Float])] = []
        func function(_ index: Int) throws(ModelError) -> ConvolutionCoefficients {
            try ConvolutionCoefficients(
                "\(name).coefficients\(index)", inputs: channels / 2, condition: condition, hidden: hidden,
                outputs: channels, kernel: 3, slope: FlowPlan.conditionalSlope, from: weights, conditionFilters: &parts)
        }
        coefficients1 = try function(1)
        coefficients2 = try function(2)
        projection = Convolution(
            weight: .stacked(parts.map(\.filters)), bias: parts.flatMap(\.bias), padding: .symmetric(1))
        rotation = try Rotation("\(name).rotation", channels: channels, from: weights)
    }

    /// Prepares a head's output [N, C, H, W] for use with any number of samples.
    func condition(_ head: Tensor, _ execution: Execution) -> Condition {
        let (first, second) = projection(head, execution).halves
        return Condition(first: first, second: second)
    }

    func forward(_ x: Tensor, _ c: Condition, _ execution: Execution) -> (Tensor, [Double]) {
        let (y, logDeterminant) = Coupling.forward(
            x, { coefficients1($0, condition: c.first, execution) },
            { coefficients2($0, condition: c.second, execution) },
            alpha: FlowPlan.colorClamp, execution)
        return (rotation.forward(y, execution), logDeterminant)
    }

    func inverse(_ y: Tensor, _ c: Condition, _ execution: Execution) -> (Tensor, [Double]) {
        Coupling.inverse(
            rotation.inverse(y, execution), { coefficients1($0, condition: c.first, execution) },
            { coefficients2($0, condition: c.second, execution) }, alpha: FlowPlan.colorClamp, execution)
    }
}
