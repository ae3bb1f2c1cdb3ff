import ArgumentParser

struct Train: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Train a network.",
        subcommands: [TrainColorization.self, TrainMNIST.self])
}
