import ArgumentParser
import Imaging

/// What the program starts itself again as, to decode files at arm's length.
struct DecodeHelper: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "decode-helper", shouldDisplay: false)

    func run() throws { try Imaging.DecodeHelper.run() }
}
