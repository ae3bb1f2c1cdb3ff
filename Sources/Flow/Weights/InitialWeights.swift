import Tensor

/// The weights of a new colouring network before training: an orthogonal transform, as all coefficients are zero.
///
/// Filters are drawn as PyTorch draws them, uniform within ±1/√inputs.
final class InitialWeights: Weights {
    private let random: RandomWeights
    private let mixing: [String: Tensor]
    private(set) var parameterCount = 0

    init(_ configuration: ModelConfiguration) {
        random = RandomWeights(seed: configuration.seed)
        mixing = configuration.preset == .compact ? WaveletMixing(random).rotations : [:]
    }

    func tensor(_ name: String, _ shape: [Int]) -> Tensor {
        let parts = name.split(separator: ".")
        let (owner, kind) = (parts.dropLast().last ?? "", parts.last ?? "")
        if kind.hasPrefix("running") { return filled(shape, kind == "running_var" ? 1 : 0) }
        parameterCount += shape.reduce(1, *)
        if owner.hasPrefix("norm") { return filled(shape, kind == "weight" ? 1 : 0) }
        let isLast = owner == "linear3" || (owner == "conv2" && parts.dropLast(2).last?.hasPrefix("coeff") == true)
        if isLast || name.hasPrefix("regression.conv1.") { return Tensor(shape) }
        // PyTorch draws a bias by its layer's inputs, which its shape does not tell, so it starts at zero.
        if kind == "bias" { return Tensor(shape) }
        let inputs = shape.count == 4 && shape[2] == 4 ? shape[0] * 16 : shape.dropFirst().reduce(1, *)
        // Activations behind ReLU keep their size through the many convolutions of the conditioning network.
        let gain: Float = name.hasPrefix("conditioning") ? 6 : 1
        let bound = (gain / Float(inputs)).squareRoot()
        var stream = random.stream(name)
        return Tensor(shape, (0..<shape.reduce(1, *)).map { _ in bound * stream.nextSymmetric() })
    }

    func rotation(_ name: String, _ channels: Int) -> Tensor {
        mixing[name] ?? random.rotation(name, channels)
    }

    func permutation(_ name: String, _ count: Int) -> [Int] { random.permutation(name, count) }

    private func filled(_ shape: [Int], _ value: Float) -> Tensor {
        Tensor(shape, [Float](repeating: value, count: shape.reduce(1, *)))
    }
}
