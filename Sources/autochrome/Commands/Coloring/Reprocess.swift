import ArgumentParser
import Foundation
import Imaging
import Service
import Spool

struct Reprocess: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Run results again, with the current model and settings.",
        discussion: """
            Each result is exchanged for the new one in a single step. Results that are up to date are left as they are.

            Example: autochrome reprocess /var/spool/autochrome/outbox/album --samples 12
            """)

    @Argument(help: "Results, or folders that hold results.") var path: [String]
    @Flag(help: "Run again even what is up to date.") var force = false
    @OptionGroup(title: "Colouring") var coloring: ColoringOptions
    @OptionGroup var model: ModelOptions
    @OptionGroup var service: ServiceOptions

    func run() throws {
        let loaded: LoadedModel
        var configuration: Configuration
        do {
            try Vips.start(concurrency: 1)
            configuration = try service.load()
            loaded = try LoadedModel.load(model.path.isEmpty ? configuration.model : model.path)
        } catch {
            throw Output.usage(error)
        }
        if model.threads > 0 { configuration.threads = model.threads }
        var problems: [String] = []
        var works: [(publisher: Publisher, items: [PastResults.Item])] = []
        for path in path {
            do {
                let past = try PastResults(path, configuration: configuration)
                problems += past.problems
                works.append((past.publisher, past.items))
            } catch {
                problems.append("\(error)")
            }
        }
        let report = BulkReport(total: works.reduce(0) { $0 + $1.items.count }, problems: problems)
        let options = coloring
        let force = force
        for work in works {
            let run = BulkRun(model: loaded, publisher: work.publisher, configuration: configuration) {
                options.apply(to: &$0)
            }
            run.run(work.items) {
                run.recolor($0.original, replacing: $0.result, force: force)
            } report: {
                report.add($0.original.display, $1)
            }
        }
        try report.finish()
    }
}
