import ArgumentParser
import Imaging

/// The process that the program starts to decode files in a sandbox.
struct DecodeHelper: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "decode-helper", shouldDisplay: false)

    func run() throws { try Imaging.DecodeHelper.run() }
}
