import ArgumentParser
import CProcessor
import Service

/// The command line.
@main
struct Autochrome: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "autochrome",
        abstract: "Gives gray photographs several plausible colourings.",
        discussion: """
            Every colouring is a guess by a neural network and is labelled as one.

            Try it on one photograph:
              autochrome colorize grandma.jpg --output coloured

            Or let it watch a folder:
              autochrome watch --inbox inbox --outbox outbox --state state

            Exit codes: 0 all done, 1 some inputs failed, 2 wrong usage or configuration.
            """,
        version: Program.version,
        subcommands: [DecodeHelper.self],
        groupedSubcommands: [
            CommandGroup(
                name: "Colouring:", subcommands: [Colorize.self, Transfer.self, Interpolate.self, Reprocess.self]),
            CommandGroup(name: "Deciding:", subcommands: [Choose.self, RerollCommand.self, Export.self]),
            CommandGroup(
                name: "The service:",
                subcommands: [Watch.self, Work.self, Status.self, Retry.self, Events.self, DeskCommand.self]),
            CommandGroup(name: "Models:", subcommands: [Evaluate.self, Model.self, Bench.self]),
            CommandGroup(name: "Training:", subcommands: [Train.self, Generate.self]),
        ])

    static func main() {
        // Before anything else, as that may begin with an instruction that an old processor does not know.
        processor_require()
        allocator_limit_arenas()
        do {
            var command = try parseAsRoot()
            try command.run()
        } catch let code as ExitCode {
            exit(withError: code)
        } catch {
            // ArgumentParser's own code for wrong usage is 64; this program's is 2.
            let code = exitCode(for: error)
            let message = fullMessage(for: error)
            if code.isSuccess {
                if !message.isEmpty { print(message) }
                exit(withError: ExitCode.success)
            }
            Output.complain(message)
            exit(withError: ExitCode(2))
        }
    }
}
