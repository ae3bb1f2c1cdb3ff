import ArgumentParser
import Service

struct Reprocess: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Run results again, with the current model and settings.",
        discussion: """
            Each result is exchanged for the new one in a single step. Results that are up to date are left as they are.
            What is chosen stays, and so do draws that `reroll` has made, until another --seed is set. What `transfer` has
            made is left alone.

            Example: autochrome reprocess /var/spool/autochrome/outbox/album --samples 12
            """)

    @Argument(help: "Results, or folders that hold results.", completion: .file()) var path: [String]
    @Flag(help: "Run again even what is up to date.") var force = false
    @Flag(
        inversion: .prefixedNo,
        help: "Keep to the known colours of a result where neither --hint nor its photograph's settings name others.")
    var hints = true
    @OptionGroup(title: "Colouring") var coloring: ColoringOptions
    @OptionGroup var model: ModelOptions
    @OptionGroup var service: ServiceOptions

    func run() throws {
        let works = try PastWork(path, model, service)
        try coloring.requireOnePhotograph(works.count)
        let report = BulkReport(total: works.count, problems: works.problems)
        let (options, force, keepsHints) = (coloring, force, hints)
        works.forEach(override: { options.apply(to: &$0) }) { run, items in
            run.run(items) {
                run.recolor($0.original, replacing: $0.result, force: force, keepsHints: keepsHints)
            } report: {
                report.add($0.original.display, $1)
            }
        }
        try report.finish()
    }
}
