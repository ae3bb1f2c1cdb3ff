import ArgumentParser
import Foundation
import Kernels
import Training

struct TrainMNIST: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "mnist",
        abstract: "Train the network that writes digits.",
        discussion: """
            The folder holds the four files of the MNIST database under their published names, compressed or not.
            The model is written every few minutes, and beside it, as MODEL.training, what --resume needs to go on.
            Ctrl-C saves and exits.

            Example: autochrome train mnist --data mnist --output mnist.safetensors
            """)

    @Option(help: ArgumentHelp("The folder of the four files.", valueName: "dir"), completion: .directory)
    var data: String
    @Option(help: ArgumentHelp("The model file to write.", valueName: "file"), completion: .file()) var output: String
    @Option(help: "Passes over the images. (default: 60)") var epochs: Int?
    @Option(help: "Steps in all, in place of --epochs.") var steps: Int?
    @Option(help: "Images of a step.") var batch = 256
    @Option(help: "Selects the start, the order and the noise.") var seed: UInt64 = 1
    @Option(help: "Learning rate of the first step; that of the last is a hundredth.") var rate = 1e-4
    @Option(help: "Coupling blocks; the paper's network has 24.") var blocks = 24
    @Option(help: "Width of the coefficient functions; the paper's is 512.") var hidden = 512
    @Option(help: "Minutes between savings.") var saveEvery = 15.0
    @Flag(help: "Go on with the training that was stopped.") var resume = false
    @Option(help: "Threads; 0 means one for each core.") var threads = 0

    func validate() throws {
        if epochs != nil, steps != nil { throw ValidationError("Give --epochs or --steps, not both.") }
        guard (1...1_000_000).contains(epochs ?? 1) else { throw ValidationError("--epochs must be 1 to 1000000.") }
        guard (1...1_000_000_000).contains(steps ?? 1) else { throw ValidationError("--steps must be 1 or more.") }
        guard (1...60_000).contains(batch) else { throw ValidationError("--batch must be 1 to 60000.") }
        guard (1...128).contains(blocks) else { throw ValidationError("--blocks must be 1 to 128.") }
        guard (1...4096).contains(hidden) else { throw ValidationError("--hidden must be 1 to 4096.") }
        guard rate > 0, rate <= 1 else { throw ValidationError("--rate must be above 0, at most 1.") }
        guard saveEvery > 0 else { throw ValidationError("--save-every must be above 0.") }
        guard (0...1024).contains(threads) else { throw ValidationError("--threads must be 0 to 1024.") }
    }

    private var checkpoint: String { output + ".training" }

    func run() throws {
        let trainer: DigitTrainer
        do { trainer = try prepare() } catch { throw Output.usage(error) }
        let settings = trainer.settings
        let interruption = Interruption()
        var progress = TrainingProgress(total: settings.steps, done: trainer.step, batch: settings.batch)
        var saved = Date()
        do {
            while trainer.step < settings.steps, !interruption.requested {
                let points = trainer.curve.count
                let skipped = trainer.skipped
                progress.advance(step: trainer.step + 1, loss: try trainer.advance())
                if trainer.skipped > skipped { progress.note("step \(trainer.step) was not finite and is skipped") }
                if trainer.curve.count > points, let point = trainer.curve.last {
                    progress.note(
                        String(
                            format: "epoch %d: NLL %.4f nats, on test images %.4f nats, %.4f bits/dim", points + 1,
                            point.training, point.test, point.test / log(2)))
                }
                if Date().timeIntervalSince(saved) >= saveEvery * 60 {
                    try trainer.save(checkpoint: checkpoint)
                    try trainer.save(model: output)
                    saved = Date()
                }
            }
            try trainer.save(checkpoint: checkpoint)
            guard trainer.step >= settings.steps else {
                try trainer.save(model: output)
                progress.note("stopped at step \(trainer.step) of \(settings.steps); --resume goes on")
                return
            }
            let loss = trainer.testLoss()
            try trainer.save(model: output, testLoss: loss)
            progress.note(
                String(
                    format: "%@: NLL of all test images %.4f nats, %.4f bits/dim; %d steps skipped", output, loss,
                    loss / log(2), trainer.skipped))
        } catch {
            progress.note("autochrome: \(error)")
            throw ExitCode(1)
        }
    }

    /// The trainer, fresh or as it was when it was stopped.
    private func prepare() throws -> DigitTrainer {
        var settings = DigitTrainer.Settings()
        settings.seed = seed
        (settings.blocks, settings.hidden, settings.batch) = (blocks, hidden, batch)
        (settings.firstRate, settings.lastRate) = (rate, rate / 100)
        let images = try DigitImages(.training, directory: data).count
        settings.steps = steps ?? (epochs ?? 60) * max(1, images / batch)
        let exists = FileManager.default.fileExists(atPath: checkpoint)
        if resume, !exists { throw ValidationError("\(checkpoint) is not there: nothing to resume.") }
        if !resume, exists {
            throw ValidationError(
                "\(checkpoint) holds a training; go on with it by --resume, or delete it to begin anew.")
        }
        let count = threads > 0 ? threads : ProcessInfo.processInfo.activeProcessorCount
        return try DigitTrainer(
            settings, directory: data, checkpoint: resume ? checkpoint : nil, execution: Execution(threads: count))
    }
}
