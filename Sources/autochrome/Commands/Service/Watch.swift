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

            With a queue, other machines colour as well: see `autochrome work`.

            Example: autochrome watch --inbox inbox --outbox outbox --state state --once
            """)

    @OptionGroup var service: ServiceOptions
    @OptionGroup var queue: QueueOptions
    @Flag(help: "Work off what is in the inbox, then end.") var once = false

    func run() throws {
        let (service, queue) = (service, queue)
        let load: @Sendable () throws -> Configuration = {
            var configuration = try service.load()
            queue.apply(to: &configuration)
            return configuration
        }
        let succeeded: Bool
        do {
            let configuration = try load()
            try Vips.start(concurrency: 1)
            let logger = Logger(configuration)
            succeeded = try Daemon(once: once, logger: logger, connect: QueueOptions.connect, load: load).run()
        } catch {
            throw Output.usage(error)
        }
        if once, !succeeded { throw ExitCode(1) }
    }
}
