import Flow
import Foundation
import Kernels
import Tensor

/// Trains a colouring network on photographs.
///
/// Every step is a function of the settings, the photographs and the state, which is saved beside the model: a training
/// that was interrupted goes on to the same bits.
package final class ColorizationTrainer {
    /// A step whose likelihood is so many nats per dimension above the smoothed one is not applied.
    private static let explosion = 3.0
    /// Steps in a row that may be skipped.
    private static let patience = 50

    /// One step's result.
    package struct Step: Sendable {
        /// Its number, counted from 1 over all runs.
        package let number: Int
        /// Whether the conditioning network was trained alone.
        package let isPretraining: Bool
        /// Negative log-likelihood of its batch in nats per dimension; in pretraining the squared error of chroma, in
        /// units of about one standard deviation.
        package let loss: Double
        /// Whether it was finite and did not explode.
        package let isApplied: Bool
    }

    private let configuration: ModelConfiguration
    private let batches: Batches
    private let validation: Batches?
    private let output: String
    private let execution: Execution
    private let parameters: Parameters
    private let average: Parameters
    private let gradient: ColorizationGradient
    private var optimizer: Adam
    private var state: ColorizationState

    /// Steps done so far.
    package var step: Int { state.step }
    /// Steps that were not finite, or exploded, and were not applied.
    package var skipped: Int { optimizer.skipped }

    /// The file with all that is needed to go on, beside a model file.
    package static func checkpoint(of output: String) -> String { output + ".training" }

    /// - Parameters:
    ///   - held: Photographs for validation, perhaps none.
    ///   - resume: Goes on from the checkpoint beside `output`, if there is one.
    /// - Throws: `TrainingError`, or what reading the checkpoint throws.
    package init(
        _ settings: ColorizationSettings, start: ColorizationStart, training: PhotographSet, held: PhotographSet?,
        output: String, resume: Bool, execution: Execution
    ) throws {
        try settings.validate(for: start.configuration)
        configuration = start.configuration
        self.output = output
        self.execution = execution
        func batches(_ photographs: PhotographSet) -> Batches {
            Batches(
                photographs: photographs, size: settings.batch, seed: settings.seed, noise: Float(settings.noise),
                smallest: settings.smallestCrop)
        }
        self.batches = batches(training)
        validation = held.map(batches)
        var adam = Adam.Settings()
        adam.clip = settings.clip
        let path = Self.checkpoint(of: output)
        let begin =
            settings.pretraining > 0
            ? ColorizationGradient.withReadout(start.parameters, start.configuration) : start.parameters
        let fresh = ColorizationState(
            settings: settings, network: start.configuration.metadata, data: training.fingerprint,
            origin: start.origin, schedule: PlateauSchedule(rate: settings.rate))
        if resume, FileManager.default.fileExists(atPath: path) {
            let checkpoint = try Checkpoint(path: path, settings: adam)
            state = try checkpoint.state(as: ColorizationState.self)
            try Self.check(state, against: fresh, path)
            state.settings = settings
            try checkpoint.check(against: begin)
            parameters = checkpoint.parameters
            average = checkpoint.average ?? checkpoint.parameters.copy()
            optimizer = checkpoint.optimizer
        } else {
            state = fresh
            parameters = begin
            average = begin.copy()
            optimizer = Adam(settings: adam)
        }
        gradient = ColorizationGradient(
            configuration, parameters, keepsStatistics: settings.keepsStatistics, execution: execution)
    }

    /// Runs until all steps are done or `shouldStop` says so, then saves; saves at intervals as well.
    ///
    /// - Parameters:
    ///   - report: Receives each step.
    ///   - saved: Receives the likelihood of the held-out photographs, if any, at each save.
    /// - Throws: `TrainingError.diverged`, or what saving throws; the last good files stay whole.
    package func run(
        shouldStop: () -> Bool, report: (Step) -> Void, saved: (Double?) -> Void
    ) throws {
        var lastSave = ContinuousClock.now
        var failures = 0
        while state.step < state.settings.steps, !shouldStop() {
            let step = advance()
            failures = step.isApplied ? 0 : failures + 1
            if failures >= Self.patience { throw TrainingError.diverged(steps: failures) }
            report(step)
            if ContinuousClock.now - lastSave > .seconds(60 * state.settings.saveInterval) {
                saved(try save())
                lastSave = ContinuousClock.now
            }
        }
        saved(try save())
    }

    private func advance() -> Step {
        let (lightness, chroma) = batches.batch(state.step, execution)
        // A step that is not applied must leave no trace in the running statistics either.
        let before = parameters.all.filter { $0.name.contains(".running_") }.map { ($0, $0.value) }
        let isPretraining = state.step < state.settings.pretraining
        let (loss, total, learned): (Double, Double, [Parameter])
        if isPretraining {
            loss = gradient.pretrain(lightness: lightness, chroma: chroma)
            (total, learned) = (loss, gradient.pretrained.learned)
        } else {
            let parts = gradient(lightness: lightness, chroma: chroma)
            (loss, total, learned) = (parts.likelihood, parts.total, gradient.parameters.learned)
        }
        let exploded = state.smoothed.map { loss > $0 + Self.explosion } ?? false
        let outcome = optimizer.step(learned, loss: exploded ? .nan : total, rate: state.schedule.rate, execution)
        state.step += 1
        defer { if isPretraining, state.step == state.settings.pretraining { beginFlow() } }
        guard outcome != .skipped else {
            for (parameter, value) in before { parameter.value = value }
            return Step(number: state.step, isPretraining: isPretraining, loss: loss, isApplied: false)
        }
        let done = Double(optimizer.steps)
        average.approach(parameters, share: 1 - min(state.settings.averaging, done / (done + 9)), execution)
        state.smoothed = state.smoothed.map { 0.95 * $0 + 0.05 * loss } ?? loss
        state.epochLoss += loss
        state.epochSteps += 1
        if state.epochSteps >= batches.perEpoch {
            state.schedule.epochEnded(loss: state.epochLoss / Double(state.epochSteps))
            (state.epochLoss, state.epochSteps) = (0, 0)
        }
        return Step(number: state.step, isPretraining: isPretraining, loss: loss, isApplied: true)
    }

    /// Resets optimiser and schedule, as the flow's loss is another one than pretraining's.
    private func beginFlow() {
        optimizer = Adam(settings: optimizer.settings, steps: 0, skipped: optimizer.skipped, moments: [:])
        state.schedule = PlateauSchedule(rate: state.settings.rate)
        (state.smoothed, state.epochLoss, state.epochSteps) = (nil, 0, 0)
    }

    /// Writes the checkpoint, then the model; returns the likelihood of the held-out photographs.
    private func save() throws -> Double? {
        try Checkpoint.write(
            parameters, optimizer, average: average, state: state, to: Self.checkpoint(of: output))
        // Validation uses the model as its users will: read from a file in half precision.
        let candidate = output + ".new"
        defer { unlink(candidate) }
        try write(to: candidate, validation: nil)
        guard let validation, !validation.photographs.items.isEmpty else {
            try write(to: output, validation: nil)
            return nil
        }
        let likelihood = try likelihood(of: Colorizer(file: ModelFile.open(candidate)), validation)
        state.curve.append([Double(state.step), likelihood])
        try write(to: output, validation: likelihood)
        return likelihood
    }

    private func write(to path: String, validation: Double?) throws {
        let record = try TrainingRecord(
            state, photographs: batches.photographs.items.count, skipped: optimizer.skipped, validation: validation
        ).json()
        try SafeTensors.write(
            average.outputs(half: true).filter { !$0.name.hasPrefix(ColorizationGradient.readout) },
            metadata: ModelFile.metadata(configuration.metadata, trainingRecord: record), to: path)
    }

    private func likelihood(of colorizer: Colorizer, _ batches: Batches) throws -> Double {
        let count = batches.photographs.items.count
        var sum = 0.0
        for first in stride(from: 0, to: count, by: 8) {
            let (lightness, chroma) = batches.plain(first..<min(first + 8, count), execution)
            let conditions = colorizer.conditions(lightness: lightness, execution)
            let (z, logDeterminant) = colorizer.forward(chroma: chroma, conditions, execution)
            sum += negativeLogLikelihood(z, logDeterminant).reduce(0, +)
        }
        return sum / Double(count)
    }

    private static func check(_ found: ColorizationState, against wanted: ColorizationState, _ path: String)
        throws(TrainingError)
    {
        for (key, value) in wanted.network.sorted(by: { $0.key < $1.key }) where found.network[key] != value {
            throw .otherSettings(path: path, reason: "\(key) \(found.network[key] ?? "none"), not \(value)")
        }
        guard found.data == wanted.data else { throw .otherSettings(path: path, reason: "other photographs") }
        var same = found.settings
        (same.steps, same.saveInterval) = (wanted.settings.steps, wanted.settings.saveInterval)
        guard same == wanted.settings else {
            throw .otherSettings(
                path: path,
                reason: "another batch, rate, seed, noise, crop, clip, averaging, pretraining or statistics")
        }
    }
}
