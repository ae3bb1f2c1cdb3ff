import Flow
import Foundation
import Kernels
import Tensor

/// Trains the network for handwritten digits, a step at a time.
///
/// All random numbers are drawn from streams keyed by the seed and the step or epoch, so that a training that was
/// stopped goes on to the same bits.
package final class DigitTrainer {
    /// The settings that determine the result together with the data.
    package struct Settings: Codable, Sendable, Equatable {
        package var seed: UInt64 = 1
        package var blocks = 24
        package var hidden = 512
        package var batch = 256
        /// Steps in all, over which the learning rate falls from first to last.
        package var steps = 14_040
        package var firstRate = 1e-4
        package var lastRate = 1e-6
        /// Standard deviation of the noise on normalised pixels.
        package var noise: Float = 0.08

        package init() {}

        package var configuration: DigitConfiguration {
            DigitConfiguration(seed: seed, blocks: blocks, hidden: hidden)
        }
    }

    /// The figures at the end of an epoch, in nats per dimension.
    package struct Epoch: Codable, Sendable, Equatable {
        package var step: Int
        /// Mean over the epoch's steps.
        package var training: Double
        /// On the first 2,000 test images.
        package var test: Double
    }

    private struct State: Codable {
        var settings: Settings
        var step: Int
        var losses: [Double]
        var curve: [Epoch]
        var failures: Int
        var seconds: Double
    }

    package let settings: Settings
    /// Steps taken.
    package var step: Int { state.step }
    package var curve: [Epoch] { state.curve }
    /// Steps of an epoch; the images that do not fill a batch wait for another epoch.
    package let epochSteps: Int
    /// Steps that were skipped because they were not finite.
    package var skipped: Int { optimizer.skipped }

    private let images: DigitImages
    private let test: DigitImages
    private let execution: Execution
    private let parameters: Parameters
    private let learned: [Parameter]
    private let network: DigitNetwork
    private let optimizer: Adam
    private let schedule: ExponentialSchedule
    private var state: State
    private var order: (epoch: Int, indices: [Int]) = (-1, [])

    /// Steps in a row that may fail before the training is given up.
    private static let patience = 50
    private static let testCount = 2000

    /// Starts a training, or goes on with one where a checkpoint is given.
    package init(
        _ settings: Settings, directory: String, checkpoint path: String?, execution: Execution
    ) throws {
        images = try DigitImages(.training, directory: directory)
        test = try DigitImages(.test, directory: directory)
        guard images.count >= settings.batch else {
            throw TrainingError.data(
                path: directory, reason: "\(images.count) training images are too few for batches of \(settings.batch)")
        }
        self.settings = settings
        self.execution = execution
        epochSteps = images.count / settings.batch
        let fresh = DigitNetwork.initial(settings.configuration)
        if let path {
            let checkpoint = try Checkpoint(path: path)
            let state = try checkpoint.state(as: State.self)
            guard state.settings == settings else {
                throw TrainingError.otherSettings(path: path, reason: Self.difference(state.settings, settings))
            }
            try checkpoint.check(against: fresh)
            (parameters, optimizer, self.state) = (checkpoint.parameters, checkpoint.optimizer, state)
        } else {
            var stream = RandomStream(high: 1 << 62, low: settings.seed)
            let sample = images.batch(0..<min(2000, images.count), noise: settings.noise, &stream)
            DigitStart.fit(fresh, settings.configuration, pixels: sample)
            (parameters, optimizer) = (fresh, Adam())
            state = State(settings: settings, step: 0, losses: [], curve: [], failures: 0, seconds: 0)
        }
        learned = parameters.learned
        network = DigitNetwork(settings.configuration, parameters)
        schedule = ExponentialSchedule(first: settings.firstRate, last: settings.lastRate, steps: settings.steps)
    }

    /// Takes one step and gives its loss in nats per dimension; at the end of an epoch the curve grows by a point.
    package func advance() throws(TrainingError) -> Double {
        let start = ContinuousClock.now
        let epoch = state.step / epochSteps
        if order.epoch != epoch {
            var stream = RandomStream(high: 1 << 63 | UInt64(epoch), low: settings.seed)
            order = (epoch, (0..<images.count).shuffled(using: &stream))
        }
        let place = state.step % epochSteps * settings.batch
        let indices = order.indices[place..<place + settings.batch]
        var stream = RandomStream(high: UInt64(state.step), low: settings.seed)
        let pixels = images.batch(indices, noise: settings.noise, &stream)
        let loss = network.loss(pixels: pixels, digits: indices.map { images.labels[$0] }, execution)
        let outcome = optimizer.step(learned, loss: loss, rate: schedule.rate(step: state.step), execution)
        state.step += 1
        if outcome == .skipped {
            state.failures += 1
            if state.failures >= Self.patience { throw .diverged(steps: state.failures) }
        } else {
            state.failures = 0
            state.losses.append(loss)
        }
        if state.step % epochSteps == 0 || state.step == settings.steps {
            let mean = state.losses.reduce(0, +) / Double(max(1, state.losses.count))
            state.curve.append(Epoch(step: state.step, training: mean, test: testLoss(limit: Self.testCount)))
            state.losses = []
        }
        state.seconds += start.duration(to: .now) / .seconds(1)
        return loss
    }

    /// The mean loss of test images, with noise that is always the same, in nats per dimension.
    package func testLoss(limit: Int = .max) -> Double {
        let count = min(limit, test.count)
        var sum = 0.0
        for start in stride(from: 0, to: count, by: 250) {
            let range = start..<min(start + 250, count)
            var stream = RandomStream(high: 1 << 61 | UInt64(start), low: 0)
            let pixels = test.batch(range, noise: settings.noise, &stream)
            sum += network.negativeLogLikelihoods(pixels: pixels, digits: range.map { test.labels[$0] }, execution)
                .reduce(0, +)
        }
        return sum / Double(count)
    }

    /// Writes a checkpoint, from which the training can go on.
    package func save(checkpoint path: String) throws {
        try Checkpoint.write(parameters, optimizer, state: state, to: path)
    }

    /// Writes the model as it is, in half precision.
    package func save(model path: String, testLoss: Double? = nil) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        encoder.keyEncodingStrategy = .convertToSnakeCase
        let record = Record(
            data: "MNIST, \(images.count) training images", settings: settings, steps: state.step,
            skippedSteps: optimizer.skipped, seconds: state.seconds.rounded(), curve: state.curve,
            testNats: testLoss, testBits: testLoss.map { $0 / log(2) })
        try SafeTensors.write(
            parameters.outputs(half: true),
            metadata: ModelFile.metadata(
                settings.configuration.metadata,
                trainingRecord: String(decoding: try encoder.encode(record), as: UTF8.self)),
            to: path)
    }

    /// The training record of the model file.
    private struct Record: Codable {
        var data: String
        var settings: Settings
        var steps: Int
        var skippedSteps: Int
        var seconds: Double
        var curve: [Epoch]
        /// Negative log-likelihood per dimension of the whole test set, normalised pixels with noise.
        var testNats: Double?
        var testBits: Double?
    }

    private static func difference(_ a: Settings, _ b: Settings) -> String {
        func fields(_ settings: Settings) -> [(String, String)] {
            Mirror(reflecting: settings).children.map { ($0.label ?? "", "\($0.value)") }
        }
        let different = zip(fields(a), fields(b)).filter { $0.1 != $1.1 }
        return different.map { "\($0.0) \($0.1) where \($1.1) is asked for" }.joined(separator: ", ")
    }
}
