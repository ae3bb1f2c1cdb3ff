import ArgumentParser
import Colorization
import Digest
import Foundation
import Imaging
import Service
import Spool

struct Transfer: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Colour photographs with the latent code of a coloured picture.",
        discussion: """
            The photographs of one roll of film can so share their palette. Level 5, the coarsest, holds the mood of
            large areas. The finer ones hold what belongs to the reference's own places, and tend to leave blotches
            where those were. Levels that are not taken from the reference are drawn, so that there are variants.

            Candidates, known colours and choices are as with `colorize`. `reprocess` leaves these results alone and `reroll`
            refuses them, since the reference may be gone: run `transfer` again, with another --seed for other draws.

            Example: autochrome transfer --reference beach.jpg roll/*.jpg --output coloured
            """)

    @Argument(help: "Photographs, or folders that are searched for them.", completion: .file()) var input: [String]
    @Option(help: ArgumentHelp("The coloured picture.", valueName: "file"), completion: .file()) var reference: String
    @Option(help: ArgumentHelp("Where the results go.", valueName: "dir"), completion: .directory) var output: String
    @Option(help: "Levels whose latent code is taken from the reference, of 2 to 5, with commas between.")
    var levels = "5"
    @Option(help: "Largest length of a level's code, 0 to 2; 1 is that of a usual draw.") var strength = 1.0
    @OptionGroup(title: "Colouring") var coloring: ColoringOptions
    @OptionGroup var model: ModelOptions

    private var chosen: [Int?] { levels.split(separator: ",", omittingEmptySubsequences: false).map { Int($0) } }

    func validate() throws {
        guard chosen.allSatisfy({ $0.map(LatentTransfer.levels.contains) ?? false }) else {
            throw ValidationError("--levels must be some of 2,3,4,5; level 1 has no part in the latent code.")
        }
        guard (0...2).contains(strength) else { throw ValidationError("--strength must be 0 to 2.") }
    }

    func run() throws {
        let loaded = try model.load()
        let publisher: Publisher
        let transfer: LatentTransfer
        do {
            publisher = try Publisher.open(output)
            transfer = try LatentTransfer(
                SandboxedDecoder().photograph(path: reference),
                name: URL(fileURLWithPath: reference).lastPathComponent, sha256: ContentHash(file: reference).hex,
                levels: Set(chosen.compactMap { $0 }), strength: strength, colorizer: loaded.colorizer,
                model.execution)
        } catch {
            throw Output.usage(error)
        }
        let inputs = InputFiles(input, excluding: publisher.outbox)
        try coloring.requireOnePhotograph(inputs.items.count)
        var configuration = Configuration()
        configuration.threads = model.threadCount
        configuration.workers = min(model.threadCount, max(1, inputs.items.count))
        let options = coloring
        let run = BulkRun(
            model: loaded, publisher: publisher, configuration: configuration, transfer: transfer
        ) { options.apply(to: &$0) }
        let report = BulkReport(total: inputs.items.count, problems: inputs.problems, output: output)
        run.run(inputs.items, each: run.colorize) { report.add($0.display, $1) }
        try report.finish()
    }
}
