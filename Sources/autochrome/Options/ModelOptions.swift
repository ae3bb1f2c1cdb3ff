import ArgumentParser
import Colorization
import Foundation
import Imaging
import Kernels
import Service

/// Which model, and how many threads.
struct ModelOptions: ParsableArguments {
    @Option(name: .customLong("model"), help: ArgumentHelp("Model file.", valueName: "file"), completion: .file())
    var path = ""
    @Option(help: "Threads in all; 0 means one for each core.") var threads = 0

    func validate() throws {
        let range = Configuration.threadRange
        guard range.contains(threads) else { throw ValidationError("--threads must be \(range.words).") }
    }

    var threadCount: Int { threads > 0 ? threads : ProcessInfo.processInfo.activeProcessorCount }
    var execution: Execution { Execution(threads: threadCount) }

    func apply(to configuration: inout Configuration) {
        if threads > 0 { configuration.threads = threads }
        if !path.isEmpty { configuration.model = path }
    }

    /// Starts libvips and loads the model; ends the command with code 2 if that fails.
    func load() throws -> LoadedModel {
        do {
            try Vips.start(concurrency: 1)
            return try LoadedModel.load(path)
        } catch {
            throw Output.usage(error)
        }
    }
}
