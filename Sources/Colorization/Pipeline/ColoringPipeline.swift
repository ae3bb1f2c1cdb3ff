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
    package let budget: Budget
    private let turns: ColoringTurns
    let colorizer: ImageColorizer
    package let model: ResultMetadata.Model
    let program: (name: String, version: String)
    let execution: Execution

    package init(
        colorizer: ImageColorizer, model: ResultMetadata.Model, program: (name: String, version: String),
        decoder: SandboxedDecoder, limits: DecodeLimits, budget: Budget, turns: ColoringTurns,
        execution: Execution
    ) {
        self.colorizer = colorizer
        self.model = model
        self.program = program
        self.decoder = decoder
        self.limits = limits
        self.budget = budget
        self.turns = turns
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
        try admit(photograph, request.settings)
        let original = try originalMetadata(request, descriptor, &timings.decode)
        let targets = try PlacedHint.place(
            request.settings.hints, width: photograph.width, height: photograph.height
        ).map(HintTarget.init)
        try progress(.waitingForTurn)
        return try turns.take {
            try progress(.conditioning)
            let conditions = condition(photograph, &timings.conditioning)
            try progress(.sampling)
            let drawn = try Stopwatch.add(to: &timings.sampling) { try draw(request, photograph, targets, conditions) }
            try progress(.rendering)
            let rendering = try Stopwatch.add(to: &timings.rendering) {
                try render(drawn, targets, photograph, original, request, into: directory, progress)
            }
            let remarks = rendering.remarks + Self.remarks(on: drawn.shown.map(\.sample))
            return describe(
                request, photograph, original, drawn, rendering, timings,
                photograph.warnings + (original?.warnings ?? [])
                    + remarks.filter { !photograph.warnings.contains($0) })
        }
    }

    /// Decodes the file in a helper process, once there is memory for it; the memory's share lasts as long as its
    /// reference.
    private func decode(
        _ descriptor: Int32, name: String, _ seconds: inout Double, _ progress: Progress
    ) throws -> (Photograph, Budget.Share?) {
        var share: Budget.Share?
        var start = ContinuousClock.now
        let photograph = try decoder.photograph(
            descriptor: descriptor, name: name, limits: limits, threads: execution.threads
        ) {
            try progress(.waitingForMemory)
            share = budget.share(Double($0 * $1) / 1e6)
            try progress(.decoding)
            start = .now
        }
        seconds = start.duration(to: .now) / .seconds(1)
        return (photograph, share)
    }

    /// Refuses a photograph in colour where the policy says so.
    private func admit(_ photograph: Photograph, _ settings: ColoringSettings) throws(ColorizationError) {
        guard photograph.chromaticity == .colored else { return }
        switch settings.colored {
        case .skip: throw .skippedColored(hints: settings.hints.count)
        case .reject: throw .rejectedColored(hints: settings.hints.count)
        case .recolor: return
        }
    }

    /// Reads what the variants carry of the photograph's metadata; nil where that is nothing but dates.
    private func originalMetadata(_ request: ColoringRequest, _ descriptor: Int32, _ seconds: inout Double) throws
        -> OriginalMetadata?
    {
        guard request.settings.metadata == .keep else { return nil }
        return try Stopwatch.add(to: &seconds) {
            try decoder.metadata(
                descriptor: descriptor, name: request.source.name, limits: limits,
                disclosure: disclosure(request), format: request.settings.format)
        }
    }

    /// Computes what all draws share.
    private func condition(_ photograph: Photograph, _ seconds: inout Double) -> Conditions {
        Stopwatch.add(to: &seconds) {
            colorizer.conditions(lightness: photograph.networkLightness(), execution)
        }
    }

    /// Remarks for the user on the draws.
    private static func remarks(on samples: [ImageColorizer.Sample]) -> [String] {
        samples.count > 1 && ImageColorizer.Sample.spread(samples) < 1 ? ["the samples hardly differ"] : []
    }
}
