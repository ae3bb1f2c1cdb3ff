import Flow
import Kernels
import Tensor

/// A network's parameters as its layers see them in training: some may be frozen, and batch norm follows its batches.
struct TrainedParameters {
    let all: Parameters
    /// Whether batch norm goes on with the running statistics of the network that training started from.
    let keepsStatistics: Bool
    private let trains: (String) -> Bool

    /// `trains` tells whether a parameter is trained; a layer's parameters are trained or frozen together.
    init(
        _ parameters: Parameters, keepsStatistics: Bool = false, trains: @escaping (String) -> Bool = { _ in true }
    ) {
        (all, self.keepsStatistics, self.trains) = (parameters, keepsStatistics, trains)
    }

    /// The parameters that the optimiser changes.
    var learned: [Parameter] { all.learned.filter { trains($0.name) } }

    subscript(_ name: String) -> Tensor { all[name].value }
    func find(_ name: String) -> Tensor? { all.find(name)?.value }
    func isTrained(_ name: String) -> Bool { trains(name) }

    /// Adds to a parameter's gradient.
    func receive(_ name: String, _ gradient: Tensor, _ execution: Execution) {
        let parameter = all[name]
        Elementwise.accumulate(&parameter.gradient, gradient.reshaped(parameter.value.shape), execution)
    }

    /// Lets `add` add to a parameter's gradient in place.
    func receive(_ name: String, _ add: (inout Tensor) -> Void) { add(&all[name].gradient) }

    /// A layer's running statistics.
    func statistics(_ name: String) -> BatchNormalization.Statistics {
        .init(
            kept: self[name + ".running_mean"].values.map(Double.init),
            variance: self[name + ".running_var"].values.map(Double.init))
    }

    /// Moves a layer's running statistics towards those of a batch, as PyTorch does.
    func update(_ name: String, _ statistics: BatchNormalization.Statistics, momentum: Double) {
        guard let count = statistics.count else { return }
        let unbiased = count > 1 ? Double(count) / Double(count - 1) : 1
        func move(_ key: String, _ batch: [Double]) {
            let old = self[key].values
            let new = old.indices.map { Float((1 - momentum) * Double(old[$0]) + momentum * batch[$0]) }
            all[key].value = Tensor([old.count], new)
        }
        move(name + ".running_mean", statistics.mean)
        move(name + ".running_var", statistics.variance.map { $0 * unbiased })
    }
}

extension Parameters {
    /// An independent copy.
    func copy() -> Parameters {
        Parameters(all.map { Parameter($0.name, $0.value) }, permutations: permutations)
    }

    /// Moves every parameter by a share of its distance to the target's.
    func approach(_ target: Parameters, share: Double, _ execution: Execution) {
        for parameter in all {
            Elementwise.approach(&parameter.value, target[parameter.name].value, share: Float(share), execution)
        }
    }

    /// The parameters that training starts from.
    init(_ weights: RawWeights) {
        let floats = weights.tensors.merging(weights.rotations) { _, new in new }
        self.init(
            floats.map { Parameter($0.key, $0.value) },
            permutations: weights.permutations.mapValues { $0.map(Int32.init) })
    }
}
