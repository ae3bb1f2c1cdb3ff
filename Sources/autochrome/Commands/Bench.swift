import ArgumentParser
import Colorization
import Flow
import Foundation
import Service

struct Bench: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Time each stage of the network on this machine.",
        discussion: "Without --model, a preset runs with random weights; the arithmetic is the same.")

    enum Preset: String, ExpressibleByArgument, CaseIterable { case paper, compact }

    @Option(help: "The network, with random weights: paper or compact.") var preset: Preset?
    @Option(help: "Width multiplier of the preset.") var width: Double?
    @Option(help: "Samples of one photograph.") var samples = 8
    @Option(help: "Timed rounds; medians are shown.") var rounds = 5
    @Flag(help: "Print one JSON document.") var json = false
    @OptionGroup var model: ModelOptions

    func validate() throws {
        guard (1...64).contains(samples) else { throw ValidationError("--samples must be 1 to 64.") }
        guard (1...1000).contains(rounds) else { throw ValidationError("--rounds must be 1 to 1000.") }
        if let width, !(width > 0 && width <= 2) { throw ValidationError("--width must be above 0, at most 2.") }
        if preset != nil, !model.path.isEmpty { throw ValidationError("Give --preset or --model, not both.") }
    }

    struct Report: Encodable {
        var preset: String
        var width: Double
        var parameters: Int
        var samples: Int
        var threads: Int
        var seconds: StageBenchmark.Seconds
        var peakMemoryBytes: Int
    }

    func run() throws {
        let network: Colorizer
        switch preset {
        case .paper: network = Colorizer(random: .paper(width: width ?? 1))
        case .compact: network = Colorizer(random: .compact(width: width ?? 0.25))
        case nil: network = try model.load().colorizer.network
        }
        let seconds = StageBenchmark(network: network, samples: samples, execution: model.execution).run(rounds: rounds)
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        let report = Report(
            preset: network.configuration.preset.rawValue, width: network.configuration.width,
            parameters: network.parameterCount, samples: samples, threads: model.threadCount, seconds: seconds,
            peakMemoryBytes: usage.ru_maxrss * 1024)
        if json {
            try Output.json(report)
            return
        }
        print(
            String(
                format: """
                    preset %@, width %.4g, %.1f million parameters, %d samples, %d threads

                    features      %8.1f ms
                    conditioning  %8.1f ms  features and all heads, once for an image
                    sampling      %8.1f ms  %.1f ms a sample
                    latents       %8.1f ms
                    total         %8.1f ms  conditioning and sampling
                    peak memory   %8.0f MB
                    """, report.preset, report.width, Double(report.parameters) / 1e6, samples, report.threads,
                seconds.features * 1e3, seconds.conditioning * 1e3, seconds.sampling * 1e3,
                seconds.sampling * 1e3 / Double(samples), seconds.latents * 1e3, seconds.total * 1e3,
                Double(report.peakMemoryBytes) / 1e6))
    }
}
