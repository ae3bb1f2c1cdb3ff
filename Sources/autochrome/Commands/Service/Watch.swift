import ArgumentParser
import Foundation
import Imaging
import Logging
import Service

struct Watch: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Watch an inbox and put coloured variants into an outbox.",
        discussion: """
            Runs until SIGTERM or Ctrl-C, which finish the work in hand; a second one puts it back.
            SIGHUP reads the configuration again.

            Example: autochrome watch --inbox inbox --outbox outbox --state state --once
            """)

    @OptionGroup var service: ServiceOptions
    @Flag(help: "Work off what is in the inbox, then end.") var once = false

    func run() throws {
        let options = service
        let succeeded: Bool
        do {
            let configuration = try options.load()
            try Vips.start(concurrency: 1)
            var logger = Logger(label: "autochrome") { _ in ConsoleLog() }
            logger.logLevel = Logger.Level(rawValue: configuration.logLevel.rawValue) ?? .info
            succeeded = try Daemon(once: once, logger: logger, load: { try options.load() }).run()
        } catch {
            throw Output.usage(error)
        }
        if once, !succeeded { throw ExitCode(1) }
    }
}
