import ArgumentParser
import Colorization
import Flow
import Foundation
import Service

struct Bench: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Time each stage of a colouring on this machine.",
        discussion: "Without --model, a preset runs with random weights; the arithmetic is the same.")

    enum Preset: String, ExpressibleByArgument, CaseIterable { case paper, compact }

    @Option(help: "The network, with random weights: paper or compact.") var preset: Preset?
    @Option(help: "Width multiplier of the preset.") var width: Double?
    @Option(help: "Samples of one photograph.") var samples = 8
    @Option(help: "Timed rounds; medians are shown.") var rounds = 5
    @Option(
        help: ArgumentHelp(
            "Instead of stages, time so many photographs of 0.3 megapixels from file to result.", valueName: "n"))
    var pipeline: Int?
    @Flag(help: "Print one JSON document.") var json = false
    @OptionGroup var model: ModelOptions

    func validate() throws {
        guard (1...64).contains(samples) else { throw ValidationError("--samples must be 1 to 64.") }
        guard (1...1000).contains(rounds) else { throw ValidationError("--rounds must be 1 to 1000.") }
        if let width, !(width > 0 && width <= 2) { throw ValidationError("--width must be above 0, at most 2.") }
        if let pipeline, !(1...100_000).contains(pipeline) {
            throw ValidationError("--pipeline must be 1 to 100000.")
        }
        if preset != nil, pipeline != nil { throw ValidationError("--pipeline needs a model, not a preset.") }
        if preset != nil, !model.path.isEmpty { throw ValidationError("Give --preset or --model, not both.") }
    }

    struct Report: Encodable {
        var preset: String
        var width: Double
        var parameters: Int
        var samples: Int
        var threads: Int
        var seconds: StageBenchmark.Seconds
        /// Pixels that are decoded, upsampled and encoded.
        var pixels: Int
        /// 10⁹ operations a second, counted as the direct method needs them.
        var directGflops: [String: Double]
        /// Seconds from nothing to a loaded model; not with random weights.
        var startSeconds: Double?
        var peakMemoryBytes: Int
    }

    func run() throws {
        if let pipeline { return try runPipeline(pipeline) }
        let network: Colorizer
        var startSeconds: Double?
        switch preset {
        case .paper: network = Colorizer(random: .paper(width: width ?? 1))
        case .compact: network = Colorizer(random: .compact(width: width ?? ModelConfiguration.compactWidth))
        case nil:
            let start = ContinuousClock.now
            network = try model.load().colorizer.network
            startSeconds = start.duration(to: .now) / .seconds(1)
        }
        let benchmark = StageBenchmark(network: network, samples: samples, execution: model.execution)
        let found = try benchmark.run(rounds: rounds)
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        let report = Report(
            preset: network.configuration.preset.rawValue, width: network.configuration.width,
            parameters: network.parameterCount, samples: samples, threads: model.threadCount, seconds: found.seconds,
            pixels: found.pixels,
            directGflops: [
                "conditioning": found.directGigaflops.conditioning, "sampling": found.directGigaflops.sampling,
            ], startSeconds: startSeconds, peakMemoryBytes: usage.ru_maxrss * 1024)
        if json { try Output.json(report) } else { show(report) }
    }

    private func runPipeline(_ count: Int) throws {
        let report = try PipelineBenchmark(model: try model.load(), threads: model.threadCount).run(photographs: count)
        if json { return try Output.json(report) }
        print(
            String(
                format: "%d photographs of %.1f megapixels, %d threads: %.1f s, %.0f images a minute\n",
                report.photographs, report.megapixels, report.threads, report.seconds, report.imagesPerMinute))
        for stage in ["decode", "conditioning", "sampling", "rendering", "rest"] {
            let name = stage.padding(toLength: 13, withPad: " ", startingAt: 0)
            print(String(format: "%@ %8.1f ms", name, (report.stages[stage] ?? 0) * 1e3))
        }
        print(
            String(
                format: "processor     %8.1f ms  of a photograph; cores idle for %.1f %% of the time",
                report.processorSeconds * 1e3, report.idle * 100))
    }

    private func show(_ report: Report) {
        let seconds = report.seconds
        func line(_ name: String, _ value: Double, _ unit: String, _ remark: String = "") {
            print(
                String(
                    format: "%@ %8.1f %@  %@", name.padding(toLength: 13, withPad: " ", startingAt: 0), value, unit,
                    remark))
        }
        print(
            String(
                format: "preset %@, width %.4g, %.1f million parameters, %d samples, %d threads\n", report.preset,
                report.width, Double(report.parameters) / 1e6, report.samples, report.threads))
        if let start = report.startSeconds { line("start", start * 1e3, "ms", "loading the model") }
        let size = String(format: "%.1f megapixels", Double(report.pixels) / 1e6)
        line("decode", seconds.decode * 1e3, "ms", size)
        line("features", seconds.features * 1e3, "ms")
        line("heads", seconds.heads * 1e3, "ms")
        let rates = ["conditioning", "sampling"].map {
            String(format: "%.0f GFLOP/s of the direct arithmetic", report.directGflops[$0] ?? 0)
        }
        line("conditioning", seconds.conditioning * 1e3, "ms", "features and heads, once for an image; \(rates[0])")
        line("latents", seconds.latents * 1e3, "ms")
        line("sampling", seconds.sampling * 1e3, "ms", "all samples; \(rates[1])")
        line("sample", seconds.sample * 1e3, "ms", "each")
        line("upsampling", seconds.upsampling * 1e3, "ms", "one variant of \(size), one thread")
        line("encoding", seconds.encoding * 1e3, "ms", "the same, JPEG")
        line("total", seconds.total * 1e3, "ms", "conditioning and sampling")
        line("peak memory", Double(report.peakMemoryBytes) / 1e6, "MB")
    }
}
