import ArgumentParser
import Foundation
import Service
import Spool

struct Status: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show the queue, what is being worked on, and what failed and why.",
        discussion: "Ends with code 1 if a daemon is running and stuck.")

    @Flag(help: "Print one JSON document.") var json = false
    @OptionGroup var service: ServiceOptions

    func run() throws {
        let report: QueueReport
        do {
            report = try QueueReport(configuration: service.load())
        } catch {
            throw Output.usage(error)
        }
        if json { try Output.json(report) } else { print(report.text) }
        if report.isStuck { throw ExitCode(1) }
    }
}
