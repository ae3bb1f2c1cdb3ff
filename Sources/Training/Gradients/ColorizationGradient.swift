import Flow
import Foundation
import Kernels
import Tensor

/// The loss of a colouring network on a batch, and its gradients.
///
/// The loss is the negative log-likelihood per dimension. Networks with a regression of their own add the terms of the
/// Reference's trainer: the squared error of the regression, and that of the mode to the regression, without which
/// likelihood alone lets the mode drift to gray.
struct ColorizationGradient {
    /// The terms of a batch's loss.
    struct Loss: Sendable, Equatable {
        /// Negative log-likelihood in nats per dimension, the batch's mean.
        var likelihood = 0.0
        /// Squared distance of the mode from the regression.
        var anchor = 0.0
        /// Squared error of the regression, in units of about one standard deviation of both channels.
        var regression = 0.0

        var total: Double { likelihood + anchor + regression }
    }

    /// Name of the convolution from features to chroma in pretraining, where the network has no regression of its own.
    static let readout = "pretraining.readout"

    private static let anchorWeight: Float = 2
    private static let regressionWeight: Float = 0.1
    /// The network's units of a and b, in the common unit of the squared error.
    private static let regressionUnits = Normalization.chromaScale.map { $0 / 14 }

    let configuration: ModelConfiguration
    let flow: TrainableFlow
    let parameters: TrainedParameters
    /// The same parameters, of which pretraining changes the conditioning network alone.
    let pretrained: TrainedParameters
    let execution: Execution

    init(
        _ configuration: ModelConfiguration, _ parameters: Parameters, keepsStatistics: Bool = false,
        execution: Execution
    ) {
        self.configuration = configuration
        self.execution = execution
        flow = TrainableFlow(configuration, parameters)
        // The heads belong to the flow.
        func isConditioning(_ name: String) -> Bool { name.hasPrefix("conditioning.") || name.hasPrefix("regression.") }
        let isFixed = configuration.ablation == .fixed
        self.parameters = TrainedParameters(parameters, keepsStatistics: keepsStatistics) { name in
            !name.hasPrefix(Self.readout) && !(isFixed && isConditioning(name))
        }
        pretrained = TrainedParameters(parameters, keepsStatistics: keepsStatistics) { name in
            name.hasPrefix(Self.readout) || isConditioning(name)
        }
    }

    /// A network's parameters together with the readout, where pretraining needs one.
    static func withReadout(_ parameters: Parameters, _ configuration: ModelConfiguration) -> Parameters {
        guard !configuration.affine else { return parameters }
        let readout = [
            Parameter(Self.readout + ".weight", Tensor([2, configuration.features, 1, 1])),
            Parameter(Self.readout + ".bias", Tensor([2])),
        ]
        return Parameters(parameters.all + readout, permutations: parameters.permutations)
    }

    /// Adds the gradients of the conditioning network's prediction of chroma, and gives its squared error in units of
    /// about one standard deviation of both channels.
    ///
    /// - Parameters:
    ///   - lightness: Normalised L, [N, 1, 256, 256].
    ///   - chroma: Normalised, with noise, [N, 2, 64, 64].
    func pretrain(lightness: Tensor, chroma: Tensor) -> Double {
        let tape = Tape(pretrained, execution)
        let graph = ConditioningGraph(configuration: configuration)
        let features = graph.features(lightness, tape)
        let mean =
            configuration.affine
            ? graph.regression(features, tape).mean
            : tape.convolution(features, Self.readout, padding: .symmetric(0))
        let error = regression(chroma, mean, weight: 1)
        tape.backward()
        return error
    }

    /// Adds the gradients of a batch's loss to the parameters' and moves running statistics.
    ///
    /// - Parameters:
    ///   - lightness: Normalised L, [N, 1, 256, 256].
    ///   - chroma: Normalised, with noise, [N, 2, 64, 64].
    func callAsFunction(lightness: Tensor, chroma: Tensor) -> Loss {
        let tape = Tape(parameters, execution)
        let conditions = ConditioningGraph(configuration: configuration).conditions(lightness, tape)
        var loss = Loss()
        loss.likelihood = likelihood(chroma, conditions)
        if configuration.affine {
            loss.anchor = anchor(conditions.first(chroma.shape[0] / 3, tape))
            if configuration.ablation != .fixed, let mean = conditions.affine?.mean {
                loss.regression = regression(chroma, mean, weight: Self.regressionWeight)
            }
        }
        tape.backward()
        return loss
    }

    private func likelihood(_ chroma: Tensor, _ conditions: FlowConditions) -> Double {
        let context = FlowContext(parameters: parameters, execution: execution, conditions: conditions)
        let (z, logDeterminant) = flow.forward(chroma, context)
        let count = chroma.shape[0]
        let flat = z.parts.map { $0.reshaped([count, $0.count / count]) }
        let joined = Tensor.joined(flat)
        let likelihoods = negativeLogLikelihood(joined, logDeterminant)
        let weight = 1 / Float(chroma.count)
        flow.backward(z, gradient: z.map { $0 * weight }, logScale: -weight, context)
        return likelihoods.reduce(0, +) / Double(count)
    }

    private func anchor(_ conditions: FlowConditions) -> Double {
        guard let target = conditions.affine?.mean.value, target.count > 0 else { return 0 }
        let context = FlowContext(parameters: parameters, execution: execution, conditions: conditions)
        let mode = flow.inverse(flow.mode(target.shape[0]), context)
        let distance = mode.combined(target, -)
        let weight = Self.anchorWeight / Float(target.count)
        flow.inverseBackward(mode, gradient: distance.map { 2 * weight * $0 }, context)
        return Double(weight) * Elementwise.squaredNorm(distance, execution)
    }

    private func regression(_ chroma: Tensor, _ mean: Variable, weight: Float) -> Double {
        let units = Self.regressionUnits
        let error = Elementwise.affine(
            mean.value.combined(chroma, -), scale: units, shift: [0, 0], execution)
        let weight = weight / Float(chroma.count)
        mean.receive(
            Elementwise.affine(error, scale: units.map { 2 * weight * $0 }, shift: [0, 0], execution), execution)
        return Double(weight) * Elementwise.squaredNorm(error, execution)
    }
}
