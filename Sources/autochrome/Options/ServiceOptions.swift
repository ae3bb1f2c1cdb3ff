import ArgumentParser
import Foundation
import Service

/// Which service a command is about.
struct ServiceOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp("Configuration file; the installed one if there is one.", valueName: "file"),
        completion: .file(extensions: ["yaml", "yml"]))
    var config: String?
    @Option(help: ArgumentHelp("Where photographs are dropped.", valueName: "dir"), completion: .directory)
    var inbox: String?
    @Option(help: ArgumentHelp("Where results appear.", valueName: "dir"), completion: .directory)
    var outbox: String?
    @Option(help: ArgumentHelp("Where the queue is kept.", valueName: "dir"), completion: .directory)
    var state: String?

    /// The configuration file with the command line laid over it.
    func load() throws -> Configuration {
        let file = config ?? Program.configurationCandidates.first(where: FileManager.default.fileExists(atPath:))
        var configuration = try file.map(ConfigurationFile.load) ?? Configuration()
        if let inbox { configuration.inbox = absolute(inbox) }
        if let outbox { configuration.outbox = absolute(outbox) }
        if let state { configuration.state = absolute(state) }
        try configuration.validate()
        return configuration
    }

    private func absolute(_ path: String) -> String {
        URL(fileURLWithPath: path).standardizedFileURL.path
    }
}
