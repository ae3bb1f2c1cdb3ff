import ArgumentParser
import Files
import Flow
import Foundation
import Imaging
import Kernels
import Service
import Training

extension ModelConfiguration.Preset: ExpressibleByArgument {}
extension ModelConfiguration.Ablation: ExpressibleByArgument {}

struct TrainColorization: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "colorization",
        abstract: "Train a colouring network on colour photographs.",
        discussion: """
            DATA are folders, photographs and tar archives of photographs. Gray and unreadable ones are left out and
            counted. The model is written every few minutes, and beside it, as MODEL.training, what --resume needs to
            go on to the same bits. Ctrl-C saves and exits.

            The shipped model, fitted to an archive of your own:
              autochrome train colorization photographs --init Models/compact.safetensors --steps 200 \\
                --output mine.safetensors

            The supplement's network, and its ablations:
              autochrome train colorization photographs --preset paper --pretrain 500 --output joint.safetensors
              autochrome train colorization photographs --preset paper --pretrain 500 --ablation fixed \\
                --output fixed.safetensors
              autochrome train colorization photographs --preset paper --ablation none --output none.safetensors
            """)

    @Argument(help: "Folders, photographs and tar archives.", completion: .file()) var data: [String]
    @Option(help: ArgumentHelp("The model file to write.", valueName: "file"), completion: .file()) var output: String
    @Option(help: "paper or compact; with --init, the model's own.") var preset: ModelConfiguration.Preset?
    @Option(
        help: """
            Factor on all inner channel counts. (default: 1 for paper, \(ModelConfiguration.compactWidth) for compact)
            """)
    var width: Double?
    @Option(
        name: .customLong("init"), help: ArgumentHelp("Start from a model file.", valueName: "file"),
        completion: .file())
    var start: String?
    @Option(
        help: """
            joint trains all, fixed leaves the conditioning network as it is, none has no such network. (default: joint)
            """)
    var ablation: ModelConfiguration.Ablation?
    @Option(help: "Steps in all.") var steps = 2000
    @Option(help: "How many of them, the first ones, train the conditioning network alone, to predict chroma.")
    var pretrain = 0
    @Option(help: "Photographs of a step.") var batch = 16
    @Option(help: "Learning rate at the beginning; it falls when the loss stops falling.") var rate = 1.6e-4
    @Option(help: "Selects start, order, crops and noise.") var seed: UInt64 = 1
    @Flag(
        inversion: .prefixedNo,
        help: "Keep the statistics of batch norm, as is right for a trained model. (default: with --init)")
    var keepStatistics: Bool?
    @Option(
        help: ArgumentHelp(
            "What is held out: a share of the photographs, or a folder of others.", valueName: "share|folder"))
    var validation = "0.05"
    @Option(help: "Most photographs; of more, as many are taken at even distances. Each takes 0.2 MB of memory.")
    var limit = 10_000
    @Option(help: "Minutes between saves.") var saveEvery = 10.0
    @Flag(help: "Go on with the training that was stopped.") var resume = false
    @Option(help: "Threads; 0 means one for each core.") var threads = 0

    func validate() throws {
        guard (1...10_000_000).contains(limit) else { throw ValidationError("--limit must be 1 or more.") }
        guard (0...1024).contains(threads) else { throw ValidationError("--threads must be 0 to 1024.") }
        if let width, !(width > 0 && width <= 4) { throw ValidationError("--width must be above 0, at most 4.") }
        if let share = Double(validation), !(0..<0.9).contains(share) {
            throw ValidationError("--validation must be a share from 0 to below 0.9, or a folder.")
        }
    }

    func run() throws {
        let trainer: ColorizationTrainer
        do { trainer = try prepare() } catch { throw Output.usage(error) }
        let interruption = Interruption()
        var progress = TrainingProgress(total: steps, done: trainer.step, batch: batch)
        do {
            try trainer.run(shouldStop: { interruption.requested }) { step in
                progress.advance(
                    step: step.number, loss: step.isApplied ? step.loss : .nan,
                    step.isPretraining ? .chromaError : .likelihood)
                if !step.isApplied { progress.note("step \(step.number) was not finite, or exploded, and is skipped") }
            } saved: { likelihood in
                let held = likelihood.map { ", held out: " + TrainingProgress.Measure.likelihood.text($0) }
                progress.note("\(output) saved at step \(trainer.step)\(held ?? ""), \(trainer.skipped) steps skipped")
            }
            if trainer.step < steps { progress.note("stopped at step \(trainer.step) of \(steps); --resume goes on") }
        } catch {
            progress.note("autochrome: \(error)")
            throw ExitCode(1)
        }
    }

    private func prepare() throws -> ColorizationTrainer {
        let checkpoint = ColorizationTrainer.checkpoint(of: output)
        let exists = FileManager.default.fileExists(atPath: checkpoint)
        if resume, !exists { throw ValidationError("\(checkpoint) is not there: nothing to resume.") }
        if !resume, exists {
            throw ValidationError(
                "\(checkpoint) holds a training; go on with it by --resume, or delete it to begin anew.")
        }
        // Not after hours of work.
        let folder = URL(fileURLWithPath: output).deletingLastPathComponent().path
        if access(folder, W_OK | X_OK) != 0 {
            throw ValidationError("\(folder): \(String(cString: strerror(errno)))")
        }
        let execution = Execution(threads: threads > 0 ? threads : ProcessInfo.processInfo.activeProcessorCount)
        // Before the photographs, which take longer to read.
        let begin = try beginning()
        var settings = ColorizationSettings()
        (settings.steps, settings.pretraining, settings.batch, settings.rate) = (steps, pretrain, batch, rate)
        (settings.seed, settings.saveInterval) = (seed, saveEvery)
        settings.keepsStatistics = keepStatistics ?? (start != nil)
        try settings.validate(for: begin.configuration)
        var training = try photographs(data, execution)
        var held: PhotographSet?
        if let share = Double(validation) {
            (training, held) = training.split(share: share, seed: seed)
        } else {
            held = try photographs([validation], execution)
        }
        return try ColorizationTrainer(
            settings, start: begin, training: training, held: held, output: output, resume: resume,
            execution: execution)
    }

    private func beginning() throws -> ColorizationStart {
        if let start {
            return try ColorizationStart(model: start, preset: preset, width: width, ablation: ablation)
        }
        let ablation = ablation ?? .joint
        guard ablation != .fixed || pretrain > 0 else {
            throw ValidationError("--ablation fixed needs --pretrain, or --init: a trained conditioning network.")
        }
        switch preset ?? .compact {
        case .paper: return ColorizationStart(new: .paper(width: width ?? 1, ablation: ablation, seed: seed))
        case .compact:
            let width = width ?? ModelConfiguration.compactWidth
            return ColorizationStart(new: .compact(width: width, ablation: ablation, seed: seed))
        }
    }

    private func photographs(_ paths: [String], _ execution: Execution) throws -> PhotographSet {
        let inputs = InputFiles(paths, endings: InputFormat.nameExtensions.union(["tar"]))
        let set = try PhotographSet(
            inputs.complete().map { String(decoding: $0.folder.absolute($0.relative), as: UTF8.self) },
            of: paths.joined(separator: ", "), limit: limit, decoder: SandboxedDecoder(), execution: execution)
        for problem in set.problems { Output.complain("autochrome: \(problem)") }
        let counts = set.counts
        Output.complain("\(counts.used) photographs; left out: \(counts.gray) gray, \(counts.unreadable) unreadable")
        return set
    }
}
