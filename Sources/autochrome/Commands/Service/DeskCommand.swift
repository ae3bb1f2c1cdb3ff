import ArgumentParser
import Desk
import Foundation
import Imaging
import Logging
import Service

struct DeskCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "desk",
        abstract: "Open the page on which results are looked at, compared and chosen.",
        discussion: """
            Prints its address. Only this machine can reach it unless --listen names another address, which needs a token.

            Example: autochrome desk --inbox inbox --outbox outbox --state state
            """)

    @OptionGroup var service: ServiceOptions
    @Option(help: ArgumentHelp("The address to listen at. (default: 127.0.0.1:8420)", valueName: "host:port"))
    var listen: String?
    @Option(help: ArgumentHelp("A UNIX socket to listen at instead.", valueName: "file"), completion: .file())
    var socket: String?
    @Option(
        help: ArgumentHelp("A file with the secret that visitors must know.", valueName: "file"), completion: .file())
    var tokenFile: String?
    @Option(
        help: ArgumentHelp(
            "A name under which browsers reach the desk, as behind a proxy; may be given again.", valueName: "host"))
    var name: [String] = []

    @Option(
        help: ArgumentHelp(
            "The header in which a proxy names the user whom it lets in, such as Remote-User.", valueName: "header"))
    var userHeader: String?
    @Option(
        help: ArgumentHelp(
            "The address of a proxy whose header is believed, besides UNIX sockets; may be given again.",
            valueName: "address"))
    var proxy: [String] = []

    func validate() throws {
        if userHeader == nil, !proxy.isEmpty { throw ValidationError("--proxy goes with --user-header.") }
        if listen != nil, socket != nil { throw ValidationError("Give --listen or --socket, not both.") }
    }

    func run() throws {
        do {
            var options = DeskOptions()
            if let listen { options.place = try DeskOptions.place(listen) }
            if let socket { options.place = .socket(URL(fileURLWithPath: socket).standardizedFileURL.path) }
            options.tokenFile = tokenFile
            options.names = name
            options.userHeader = userHeader
            options.proxies = proxy
            try options.validate()
            let configuration = try service.load()
            try Vips.start(concurrency: 1)
            let logger = Logger(configuration)
            let server = try DeskServer(configuration: configuration, options: options, logger: logger)
            for address in server.addresses { print(address) }
            // A reader of the address need not wait for the end.
            fflush(nil)
            try server.run()
        } catch {
            throw Output.usage(error)
        }
    }
}
