import ArgumentParser
import Foundation
import Imaging
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

            A colour that is known can be given with --hint: all variants have it at that place, and what goes with it
            follows. In a photograph that is in colour already, hints hold only with `--colored recolor`.

            On many machines, each colours a part: --shard 0/20 to --shard 19/20. A last one reports: --report.

            Examples:
              autochrome colorize scans --output coloured --samples 4
              autochrome colorize grandma.jpg --output coloured --hint 410,620=#5B7F3A --hint 50%,8%=#9DB7D5
            """)

    @Argument(help: "Photographs, or folders that are searched for them.", completion: .file()) var input: [String]
    @Option(help: ArgumentHelp("Where the results go.", valueName: "dir"), completion: .directory) var output: String
    @Option(
        help: ArgumentHelp(
            "The part of the photographs that is coloured, one of N, from 0/N; which, follows from a photograph's path.",
            valueName: "i/n"))
    var shard: String?
    @Option(
        help: ArgumentHelp(
            "A file that names the photographs of the one INPUT folder, a path on each line; - for standard input.",
            valueName: "file"), completion: .file())
    var list: String?
    @Flag(help: "Colour nothing: name the photographs that have no result.") var report = false
    @OptionGroup(title: "Colouring") var coloring: ColoringOptions
    @OptionGroup var model: ModelOptions

    func validate() throws {
        if let shard, Shard(shard) == nil { throw ValidationError("--shard must be I/N, with I from 0 to N - 1.") }
        if list != nil, input.count != 1 { throw ValidationError("--list needs the one folder that its paths lie in.") }
    }

    func run() throws {
        let decoder = SandboxedDecoder()
        if !report { decoder.prepare() }
        let loaded = try model.load()
        let publisher: Publisher
        let inputs: InputFiles
        var configuration = Configuration()
        do {
            publisher = try Publisher.open(output)
            inputs = try photographs(publisher)
        } catch {
            throw Output.usage(error)
        }
        try coloring.requireOnePhotograph(inputs.items.count)
        configuration.threads = model.threadCount
        configuration.workers = min(model.threadCount, max(1, inputs.items.count))
        let options = coloring
        let run = BulkRun(
            model: loaded, publisher: publisher, configuration: configuration, decoder: decoder
        ) { options.apply(to: &$0) }
        let tally = BulkReport(total: inputs.items.count, problems: inputs.problems, output: output)
        run.run(inputs.items, each: report ? run.check : run.colorize) { tally.add($0.display, $1) }
        try tally.finish()
    }

    private func photographs(_ publisher: Publisher) throws -> InputFiles {
        let shard = shard.flatMap(Shard.init)
        guard let list else { return InputFiles(input, excluding: publisher.outbox, shard: shard) }
        let content =
            list == "-"
            ? try FileHandle.standardInput.readToEnd() ?? Data() : try Data(contentsOf: URL(fileURLWithPath: list))
        return try InputFiles(list: Array(content), in: input[0], shard: shard)
    }
}
