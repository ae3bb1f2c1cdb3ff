import ArgumentParser
import Foundation
import Service
import Spool

struct Status: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show the queue, what is being worked on, and what failed and why.",
        discussion: """
            Ends with code 1 if a daemon is running and stuck, or part of what is asked for cannot be read.

            With results, or folders that hold results, it shows instead what each has: variants, what is chosen, known
            colours.
            """)

    @Argument(help: "Results, or folders that hold results.", completion: .file()) var result: [String] = []
    @Flag(help: "Count in the outbox how many results have a chosen variant.") var choices = false

    @Flag(help: "Print one JSON document.") var json = false
    @OptionGroup var service: ServiceOptions

    func run() throws {
        guard result.isEmpty else { return try showResults() }
        var report: QueueReport
        var isWhole = true
        do {
            let configuration = try service.load()
            report = try QueueReport(configuration: configuration)
            if choices {
                report.choices = try ChoiceCounts(outbox: configuration.outbox) {
                    Output.complain(of: $0)
                    isWhole = false
                }
            }
        } catch {
            throw Output.usage(error)
        }
        if json { try Output.json(report) } else { print(report.text) }
        if report.isStuck || !isWhole { throw ExitCode(1) }
    }

    private struct Results: Encodable {
        var results: [ResultReport]
        var choices: ChoiceCounts
    }

    private func showResults() throws {
        let (reports, problems) = ResultReport.all(at: result)
        for problem in problems { Output.complain("autochrome: \(problem)") }
        let counts = ChoiceCounts(reports)
        if json {
            try Output.json(Results(results: reports, choices: counts))
        } else {
            for report in reports { print(report.text) }
            if reports.count > 1 { print(counts.text) }
        }
        if !problems.isEmpty { throw ExitCode(1) }
    }
}
