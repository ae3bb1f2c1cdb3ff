import ArgumentParser
import Foundation
import Service
import Spool

struct Choose: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Choose a variant of a result.",
        discussion: """
            The choice is `chosen.json` in the result's folder. It stays whatever happens to the result: where the chosen
            picture cannot be made again to the bit, the picture itself is kept beside the new variants.

            Examples:
              autochrome choose outbox/album/grandma --variant 3 --note "the dress was green"
              autochrome choose outbox/album/grandma --undo
            """)

    @Argument(help: "Results, or folders that hold results.", completion: .file()) var result: [String]
    @Option(help: "The variant's number, from 1.") var variant: Int?
    @Flag(help: "Choose nothing any more.") var none = false
    @Flag(help: "Go back to what was chosen before.") var undo = false
    @Option(help: "A remark that is kept with the choice.") var note: String?
    @Flag(help: "Print one JSON document.") var json = false
    @OptionGroup var service: ServiceOptions

    func validate() throws {
        guard [variant != nil, none, undo].count(where: \.self) == 1 else {
            throw ValidationError("Give one of --variant, --none and --undo.")
        }
        if let variant, variant < 1 { throw ValidationError("--variant must be at least 1.") }
        guard let note else { return }
        if variant == nil { throw ValidationError("--note goes with --variant only.") }
        guard note.count <= Choice.noteLimit else {
            throw ValidationError("--note must have at most \(Choice.noteLimit) characters.")
        }
    }

    private var change: Publisher.ChoiceChange {
        variant.map { .variant($0, note: note) } ?? (undo ? .undo : .none)
    }

    func run() throws {
        let announcer: Announcer
        do { announcer = Announcer(try service.load()) } catch { throw Output.usage(error) }
        let outcome = Choosing(change, of: result, announcer: announcer)
        for line in outcome.remarks + outcome.problems { Output.complain("autochrome: \(line)") }
        if json {
            try Output.json(["results": outcome.reports])
        } else {
            for report in outcome.reports { print(report.text) }
        }
        if !outcome.problems.isEmpty { throw ExitCode(1) }
    }
}
