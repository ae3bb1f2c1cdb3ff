import ArgumentParser
import Foundation
import Service
import Spool

struct Retry: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Put failed photographs back into the inbox, to be tried again.",
        discussion: "Without a path, all that failed. A running daemon takes them up by itself.")

    @Argument(help: "Photographs by their place in the inbox or in the folder of failed ones.", completion: .file())
    var path: [String] = []
    @OptionGroup var service: ServiceOptions

    func run() throws {
        let configuration: Configuration
        let outcome: FailedRetry
        do {
            configuration = try service.load()
            outcome = try FailedRetry(path, configuration: configuration)
        } catch {
            throw Output.usage(error)
        }
        for problem in outcome.problems { Output.complain("autochrome: \(problem)") }
        print("\(outcome.retried.count) to be tried again")
        for path in outcome.retried { print("  \(path)") }
        if !outcome.problems.isEmpty { throw ExitCode(1) }
    }
}
