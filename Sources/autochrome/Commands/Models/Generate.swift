import ArgumentParser

struct Generate: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Draw pictures from a network without a photograph.", subcommands: [GenerateMNIST.self])
}
