import ArgumentParser
import Foundation
import Service
import Spool
import Synchronization

struct Colorize: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Colour photographs or whole folders of them.",
        discussion: """
            Each photograph gets a folder of variants, a contact sheet, an uncertainty map and a JSON document.
            What is there already is not done again, so an interrupted run goes on where it stopped.
            Settings in `.autochrome.yaml` of a folder and in `NAME.autochrome.yaml` beside a photograph are respected.

            Example: autochrome colorize scans --output coloured --samples 4
            """)

    @Argument(help: "Photographs, or folders that are searched for them.") var input: [String]
    @Option(help: ArgumentHelp("Where the results go.", valueName: "dir")) var output: String
    @OptionGroup(title: "Colouring") var coloring: ColoringOptions
    @OptionGroup var model: ModelOptions

    func run() throws {
        let loaded = try model.load()
        let publisher: Publisher
        var configuration = Configuration()
        do {
            publisher = try Publisher.open(output)
        } catch {
            throw Output.usage(error)
        }
        let inputs = InputFiles(input, excluding: publisher.outbox)
        configuration.threads = model.threadCount
        configuration.workers = min(model.threadCount, max(1, inputs.items.count))
        let options = coloring
        let run = BulkRun(model: loaded, publisher: publisher, configuration: configuration) { options.apply(to: &$0) }
        let report = BulkReport(total: inputs.items.count, problems: inputs.problems)
        run.run(inputs.items, each: run.colorize) { report.add($0.display, $1) }
        try report.finish()
    }
}
