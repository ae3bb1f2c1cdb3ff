import Kernels
import Tensor

/// The conditional invertible network for handwritten digits: 24 × [coupling, permutation] on 784 values.
package final class DigitGenerator: Sendable {
    /// Values of one image and of one latent vector: 28·28.
    package static let latentCount = 784
    /// Offset of a pixel in 0...1: it is (network's value)·scale + offset.
    package static let pixelOffset: Float = 0.128
    /// Scale of a pixel.
    package static let pixelScale: Float = 0.305

    /// The network's architecture.
    package let configuration: DigitConfiguration
    /// Learned numbers.
    package let parameterCount: Int
    /// How the network was trained, as JSON text; nil for random weights.
    package let trainingRecord: String?
    private let flow: DenseLevel

    private static let digits = 10

    /// Builds the network of a model file.
    package convenience init(file: ModelFile) throws(ModelError) {
        guard case .digits(let configuration) = file.architecture else {
            throw .wrongArchitecture(path: file.path, found: file.architecture.name, expected: "mnist")
        }
        let weights = FileWeights(file)
        try self.init(configuration, from: weights, trainingRecord: file.trainingRecord)
        try weights.finish()
    }

    /// Builds a network with random weights of a sane scale, drawn from the configuration's seed.
    package convenience init(random configuration: DigitConfiguration) {
        do {
            try self.init(configuration, from: RandomWeights(seed: configuration.seed), trainingRecord: nil)
        } catch {
            preconditionFailure("random weights have every name and shape: \(error)")
        }
    }

    init(_ configuration: DigitConfiguration, from weights: any Weights, trainingRecord: String?) throws(ModelError) {
        self.configuration = configuration
        self.trainingRecord = trainingRecord
        flow = try DenseLevel(
            "block", count: configuration.blocks, channels: Self.latentCount, condition: Self.digits,
            hidden: configuration.hidden, alpha: FlowPlan.digitClamp, from: weights)
        parameterCount = weights.parameterCount
    }

    /// Latent vectors [N, 784] and a digit for each to normalised pixels [N, 784], and log|det dz/dx| of each.
    package func inverse(z: Tensor, digits: [Int], _ execution: Execution) -> (pixels: Tensor, logDeterminant: [Double])
    {
        var logDeterminant = [Double](repeating: 0, count: digits.count)
        let conditions = conditions(digits, for: z, execution)
        return (flow.inverse(z, conditions, &logDeterminant, execution), logDeterminant)
    }

    /// Normalised pixels [N, 784] and a digit for each to latent vectors [N, 784], and log|det dz/dx| of each.
    package func forward(pixels: Tensor, digits: [Int], _ execution: Execution) -> (z: Tensor, logDeterminant: [Double])
    {
        var logDeterminant = [Double](repeating: 0, count: digits.count)
        let conditions = conditions(digits, for: pixels, execution)
        return (flow.forward(pixels, conditions, &logDeterminant, execution), logDeterminant)
    }

    private func conditions(_ digits: [Int], for x: Tensor, _ execution: Execution) -> [DenseBlock.Condition] {
        precondition(x.shape == [digits.count, Self.latentCount], "\(digits.count) digits for shape \(x.shape)")
        return flow.conditions(Self.oneHot(digits), execution)
    }

    /// The condition of each digit, [N, 10]: 1 at its place, 0 elsewhere.
    package static func oneHot(_ digits: [Int]) -> Tensor {
        precondition(digits.allSatisfy { (0..<Self.digits).contains($0) }, "not digits: \(digits)")
        return Tensor(
            [digits.count, Self.digits],
            digits.flatMap { digit in (0..<Self.digits).map { $0 == digit ? Float(1) : 0 } })
    }
}
