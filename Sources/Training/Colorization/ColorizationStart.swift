import Flow

/// The start of a colouring network's training: its architecture and its parameters.
package struct ColorizationStart {
    package let configuration: ModelConfiguration
    let parameters: Parameters
    /// How it was trained before, as JSON text.
    let origin: String

    /// A new network.
    package init(new configuration: ModelConfiguration) {
        self.configuration = configuration
        parameters = Parameters(RawWeights(initial: configuration))
        origin = "null"
    }

    /// A trained network, which must have the given preset and width; its ablation may change unless to or from `none`.
    ///
    /// - Throws: `ModelError`, or `TrainingError.otherSettings` naming what differs.
    package init(
        model path: String, preset: ModelConfiguration.Preset?, width: Double?,
        ablation: ModelConfiguration.Ablation?
    ) throws {
        let file = try ModelFile.open(path)
        guard case .colorization(let found) = file.architecture else {
            throw TrainingError.otherSettings(path: path, reason: "an MNIST network, not a colouring one")
        }
        func differs(_ name: String, _ found: String, _ wanted: String) -> TrainingError {
            .otherSettings(path: path, reason: "\(name) \(found), not \(wanted)")
        }
        if let preset, preset != found.preset { throw differs("preset", found.preset.rawValue, preset.rawValue) }
        if let width, width != found.width { throw differs("width", "\(found.width)", "\(width)") }
        let ablation = ablation ?? found.ablation
        guard (ablation == .none) == (found.ablation == .none) else {
            throw differs("ablation", found.ablation.rawValue, ablation.rawValue)
        }
        configuration = found.with(ablation)
        parameters = Parameters(try RawWeights(file: file))
        origin = file.trainingRecord
    }
}
