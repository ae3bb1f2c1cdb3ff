import ArgumentParser
import Foundation
import Imaging
import Service
import Spool
import Synchronization

struct RerollCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reroll",
        abstract: "Draw the variants of a result anew, but for those that are kept.",
        discussion: """
            The variants that are kept stay the same to the bit, under their numbers; so does what is chosen. Settings and
            known colours are those that the result was made with. The result is exchanged in a single step, and its new draws
            stay whenever it is made again, until another --seed is set for its photograph.

            Example: autochrome reroll outbox/album/grandma --keep 1,3
            """)

    @Argument(help: "Results, or folders that hold results.", completion: .file()) var result: [String]
    @Option(help: "Numbers of the variants to keep, with commas between.") var keep = ""
    @Option(help: "Selects what is drawn. (default: the one after the result's)") var seed: UInt64?
    @Flag(help: "Print one JSON document.") var json = false
    @OptionGroup var model: ModelOptions
    @OptionGroup var service: ServiceOptions

    private var kept: [Int?] { keep.split(separator: ",", omittingEmptySubsequences: false).map { Int($0) } }

    func validate() throws {
        guard keep.isEmpty || kept.allSatisfy({ ($0 ?? 0) > 0 }) else {
            throw ValidationError("--keep must be numbers of variants with commas between, such as 1,3.")
        }
    }

    func run() throws {
        let works = try PastWork(result, model, service)
        let report = BulkReport(total: works.count, problems: works.problems)
        let reports = Mutex<[ResultReport]>([])
        let numbers = Set(kept.compactMap(\.self))
        works.forEach(override: { _ in }) { run, items in
            run.run(items) {
                run.reroll($0.original, replacing: $0.result, keeping: numbers, seed: seed)
            } report: { item, outcome in
                report.add(run.display(item.result), outcome)
                guard case .done = outcome, let now = run.report(on: item.result) else { return }
                reports.withLock { $0.append(now) }
            }
        }
        if json { try Output.json(["results": reports.withLock { $0.sorted { $0.result < $1.result } }]) }
        try report.finish()
    }
}
