import Kernels
import Tensor

/// An orthogonal 1×1 convolution, then an unconditional coupling whose functions are 1×1 convolutions.
struct UnconditionalBlock: Sendable {
    private let rotation: Rotation
    private let coefficients1: ConvolutionCoefficients
    private let coefficients2: ConvolutionCoefficients

    init(_ name: String, channels: Int, hidden: Int, from weights: any Weights) throws(ModelError) {
        func function(_ index: Int) throws(ModelError) -> ConvolutionCoefficients {
            var none: [(filters: Tensor, bias: [Float])] = []
            return try ConvolutionCoefficients(
                "\(name).coefficients\(index)", inputs: channels / 2, condition: 0, hidden: hidden, outputs: channels,
                kernel: 1, slope: FlowPlan.slope, from: weights, conditionFilters: &none)
        }
        rotation = try Rotation("\(name).rotation", channels: channels, from: weights)
        coefficients1 = try function(1)
        coefficients2 = try function(2)
    }

    func forward(_ x: Tensor, _ execution: Execution) -> (Tensor, [Double]) {
        Coupling.forward(
            rotation.forward(x, execution), { coefficients1($0, condition: nil, execution) },
            { coefficients2($0, condition: nil, execution) }, alpha: FlowPlan.colorClamp, execution)
    }

    func inverse(_ y: Tensor, _ execution: Execution) -> (Tensor, [Double]) {
        let (x, logDeterminant) = Coupling.inverse(
            y, { coefficients1($0, condition: nil, execution) }, { coefficients2($0, condition: nil, execution) },
            alpha: FlowPlan.colorClamp, execution)
        return (rotation.inverse(x, execution), logDeterminant)
    }
}
