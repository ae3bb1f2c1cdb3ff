import ArgumentParser
import Foundation
import Imaging
import Logging
import Service

struct Work: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Work for a coordinator: colour photographs of an inbox that several machines share.",
        discussion: """
            The coordinator is `autochrome watch --queue URL` on one machine; any number of others work for it. All of them
            have inbox and outbox mounted, wherever each likes.
            Runs until SIGTERM or Ctrl-C, which finish the work in hand; a second one gives it back.

            Example: autochrome work --queue redis://nas:6379/0 --inbox /mnt/inbox --outbox /mnt/outbox
            """)

    @OptionGroup var queue: QueueOptions
    @OptionGroup var service: ServiceOptions
    @OptionGroup var model: ModelOptions

    func run() throws {
        do {
            var configuration = try service.load()
            queue.apply(to: &configuration)
            model.apply(to: &configuration)
            guard !configuration.queue.isEmpty else { throw ValidationError("--queue is missing.") }
            let connector = try QueueOptions.connect(configuration.queue)
            try Vips.start(concurrency: 1)
            let logger = Logger(configuration)
            try WorkerService(configuration: configuration, connector: connector, logger: logger).run()
        } catch let error as ValidationError {
            throw error
        } catch {
            throw Output.usage(error)
        }
    }
}
