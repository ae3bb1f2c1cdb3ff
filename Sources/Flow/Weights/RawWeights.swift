import Tensor

/// All numbers of a colouring network as they are in its model file, for training, which changes them.
package struct RawWeights: Sendable {
    /// Learned parameters and running statistics by name.
    package private(set) var tensors: [String: Tensor] = [:]
    /// Fixed rotations by name.
    package private(set) var rotations: [String: Tensor] = [:]
    /// Fixed permutations by name.
    package private(set) var permutations: [String: [Int]] = [:]

    /// The weights of a model file, each checked.
    package init(file: ModelFile) throws(ModelError) {
        guard case .colorization(let configuration) = file.architecture else {
            throw .wrongArchitecture(path: file.path, found: file.architecture.name, expected: "colorization")
        }
        let weights = FileWeights(file)
        try self.init(configuration, weights)
        try weights.finish()
    }

    /// The weights of a new network before training.
    package init(initial configuration: ModelConfiguration) {
        self.init(configuration, infallible: InitialWeights(configuration))
    }

    /// Random weights of a sane scale, none zero.
    package init(random configuration: ModelConfiguration) {
        self.init(configuration, infallible: RandomWeights(seed: configuration.seed))
    }

    private init(_ configuration: ModelConfiguration, infallible weights: any Weights) {
        do {
            try self.init(configuration, weights)
        } catch {
            preconditionFailure("a formula has every name and shape: \(error)")
        }
    }

    private init(_ configuration: ModelConfiguration, _ weights: any Weights) throws(ModelError) {
        let recorder = Recorder(weights)
        _ = try Colorizer(configuration, from: recorder, trainingRecord: nil)
        self = recorder.recorded
    }

    /// Passes weights on and remembers them.
    private final class Recorder: Weights {
        private let source: any Weights
        var recorded = RawWeights()

        init(_ source: any Weights) { self.source = source }

        var parameterCount: Int { source.parameterCount }

        func tensor(_ name: String, _ shape: [Int]) throws(ModelError) -> Tensor {
            let tensor = try source.tensor(name, shape)
            recorded.tensors[name] = tensor
            return tensor
        }

        func rotation(_ name: String, _ channels: Int) throws(ModelError) -> Tensor {
            let rotation = try source.rotation(name, channels)
            recorded.rotations[name] = rotation
            return rotation
        }

        func permutation(_ name: String, _ count: Int) throws(ModelError) -> [Int] {
            let permutation = try source.permutation(name, count)
            recorded.permutations[name] = permutation
            return permutation
        }
    }

    private init() {}
}
