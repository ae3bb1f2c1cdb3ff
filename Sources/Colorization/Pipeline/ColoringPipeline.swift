import Flow
import Foundation
import Imaging
import Kernels
import Tensor

/// Turns an open photograph into the files of a result; the daemon, `colorize` and `reprocess` share it.
package struct ColoringPipeline: Sendable {
    /// Called with the stage that begins, and after every variant; may throw to give up.
    package typealias Progress = (ColoringStage) throws -> Void

    /// Limits on what a file may ask of the decoder.
    private let limits: DecodeLimits
    private let decoder: SandboxedDecoder
    package let budget: MemoryBudget
    let colorizer: ImageColorizer
    package let model: ResultMetadata.Model
    let program: (name: String, version: String)
    let execution: Execution

    package init(
        colorizer: ImageColorizer, model: ResultMetadata.Model, program: (name: String, version: String),
        decoder: SandboxedDecoder, limits: DecodeLimits, budget: MemoryBudget, execution: Execution
    ) {
        self.colorizer = colorizer
        self.model = model
        self.program = program
        self.decoder = decoder
        self.limits = limits
        self.budget = budget
        self.execution = execution
    }

    /// Writes the pictures of a photograph's result into an existing, empty directory, and returns its metadata.
    ///
    /// - Parameter descriptor: The photograph's file, open for reading; its position does not matter.
    /// - Throws: `ImagingError`, `ColorizationError`, or what `progress` throws.
    package func run(
        _ request: ColoringRequest, reading descriptor: Int32, into directory: String, progress: Progress
    ) throws -> ResultMetadata {
        var timings = ResultMetadata.Timings()
        let (photograph, memory) = try decode(descriptor, name: request.source.name, &timings.decode, progress)
        defer { withExtendedLifetime(memory) {} }
        try admit(photograph, request.settings.colored)
        try progress(.conditioning)
        let conditions = condition(photograph, &timings.conditioning)
        try progress(.sampling)
        let draws = request.draws
        let samples = try draw(request, draws + request.comparisons, conditions, &timings.sampling)
        try progress(.rendering)
        let rendering = try Stopwatch.add(to: &timings.rendering) {
            try render(
                zip(draws, samples).map { ($0, $1) }, compared: Array(samples.dropFirst(draws.count)), photograph,
                request.settings, into: directory, progress)
        }
        let warnings = photograph.warnings + rendering.remarks.filter { !photograph.warnings.contains($0) }
        return describe(
            request, photograph, rendering.variants, timings, warnings + remarks(on: samples.prefix(draws.count)))
    }

    /// Decodes the file in a helper process, once there is memory for it; the memory's share lasts as long as its
    /// reference.
    private func decode(
        _ descriptor: Int32, name: String, _ seconds: inout Double, _ progress: Progress
    ) throws -> (Photograph, MemoryBudget.Share?) {
        var share: MemoryBudget.Share?
        var start = ContinuousClock.now
        let photograph = try decoder.photograph(descriptor: descriptor, name: name, limits: limits) {
            try progress(.waitingForMemory)
            share = budget.share(megapixels: Double($0 * $1) / 1e6)
            try progress(.decoding)
            start = .now
        }
        seconds = start.duration(to: .now) / .seconds(1)
        return (photograph, share)
    }

    /// Refuses a photograph in colour where the policy says so.
    private func admit(_ photograph: Photograph, _ policy: ColoringSettings.ColoredPolicy) throws(ColorizationError) {
        guard photograph.chromaticity == .colored else { return }
        switch policy {
        case .skip: throw .skippedColored
        case .reject: throw .rejectedColored
        case .recolor: return
        }
    }

    /// Computes what all draws share.
    private func condition(_ photograph: Photograph, _ seconds: inout Double) -> Conditions {
        Stopwatch.add(to: &seconds) {
            colorizer.conditions(lightness: photograph.networkLightness(), execution)
        }
    }

    /// Runs the flow for every draw.
    private func draw(
        _ request: ColoringRequest, _ draws: [Draw], _ conditions: Conditions, _ seconds: inout Double
    ) throws -> [ImageColorizer.Sample] {
        try Stopwatch.add(to: &seconds) {
            try colorizer.samples(
                latents: draws.map(request.latent), temperature: request.settings.temperature, conditions, execution)
        }
    }

    /// Remarks for the user on the draws.
    private func remarks(on samples: some Collection<ImageColorizer.Sample>) -> [String] {
        samples.count > 1 && ImageColorizer.Sample.spread(samples) < 1 ? ["the samples hardly differ"] : []
    }
}
