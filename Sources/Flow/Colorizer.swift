import Kernels
import Tensor

/// The conditional invertible network: gray images and latent vectors to chroma, and back, with exact likelihoods.
///
/// Results are bit-identical for any number of threads, and those of one sample do not depend on the others of its
/// batch.
package final class Colorizer: Sendable {
    /// The parts of a latent vector, fine detail first: the values that leave after the levels 2, 3 and 4, and level 5.
    package static let latentLevels: [Range<Int>] = {
        let lengths = FlowPlan.levels.map(\.latentCount).filter { $0 > 0 } + [FlowPlan.dense.values]
        return lengths.reduce(into: []) { ranges, length in
            let start = ranges.last?.upperBound ?? 0
            ranges.append(start..<start + length)
        }
    }()

    /// The network's architecture.
    package let configuration: ModelConfiguration
    /// Learned numbers.
    package let parameterCount: Int
    /// How the network was trained, as JSON text; nil for random weights.
    package let trainingRecord: String?

    let conditioning: any ConditioningNetwork
    let heads: any ConditioningHeads
    let regression: Regression?
    let levels: [Level]
    let dense: DenseLevel

    /// Builds the network of a model file.
    package convenience init(file: ModelFile) throws(ModelError) {
        guard case .colorization(let configuration) = file.architecture else {
            throw .wrongArchitecture(path: file.path, found: file.architecture.name, expected: "colorization")
        }
        let weights = FileWeights(file)
        try self.init(configuration, from: weights, trainingRecord: file.trainingRecord)
        try weights.finish()
    }

    /// Builds a network with random weights of a sane scale, drawn from the configuration's seed.
    package convenience init(random configuration: ModelConfiguration) {
        do {
            try self.init(configuration, from: RandomWeights(seed: configuration.seed), trainingRecord: nil)
        } catch {
            preconditionFailure("random weights have every name and shape: \(error)")
        }
    }

    init(_ configuration: ModelConfiguration, from weights: any Weights, trainingRecord: String?) throws(ModelError) {
        self.configuration = configuration
        self.trainingRecord = trainingRecord
        let parts = try Parts(configuration, from: weights)
        (conditioning, heads, regression) = (parts.conditioning, parts.heads, parts.regression)
        (levels, dense) = (parts.levels, parts.dense)
        parameterCount = weights.parameterCount
    }
}
