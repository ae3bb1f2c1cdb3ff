import Digest
import Flow
import Foundation
import Imaging
import Kernels
import Tensor

/// Makes an image's result: variants, contact sheet and uncertainty map in one directory, and what is known of them.
package struct ResultWriter: Sendable {
    /// What is known of the file that the photograph was read from.
    package struct Origin: Sendable {
        package var name: String
        package var path: String
        package var root: String
        package var sha256: String
        package var bytes: Int
        package var modified: Date

        package init(name: String, path: String, root: String, sha256: String, bytes: Int, modified: Date) {
            self.name = name
            self.path = path
            self.root = root
            self.sha256 = sha256
            self.bytes = bytes
            self.modified = modified
        }
    }

    /// What a single variant, which cannot disagree with itself, is compared with in its uncertainty map.
    private static let unseenDraws = 3

    private let colorizer: ImageColorizer
    private let model: ResultMetadata.Model
    private let execution: Execution
    private let transfer: LatentTransfer?
    private let program: (name: String, version: String)

    package init(
        colorizer: ImageColorizer, model: ResultMetadata.Model, program: (name: String, version: String),
        transfer: LatentTransfer? = nil, execution: Execution
    ) {
        self.transfer = transfer
        self.colorizer = colorizer
        self.model = model
        self.program = program
        self.execution = execution
    }

    /// Writes the pictures of a photograph's result into an existing, empty directory, and returns its metadata.
    ///
    /// - Parameters:
    ///   - progress: Called with the next stage's name after every step that took time; may throw to give up.
    package func write(
        _ photograph: Photograph, from origin: Origin, decodeSeconds: Double, settings: ColoringSettings,
        into directory: String, progress: (_ next: String) throws -> Void
    ) throws -> ResultMetadata {
        try admit(photograph, settings.colored)
        var timings = ResultMetadata.Timings()
        timings.decode = decodeSeconds

        let conditions = timed(&timings.conditioning) {
            colorizer.conditions(lightness: photograph.networkLightness(), execution)
        }
        try progress("sampling")

        let unseen = settings.uncertainty && settings.samples == 1 ? Self.unseenDraws : 0
        let draws: [Int?] = (0..<settings.samples + unseen).map { settings.modeFirst ? ($0 == 0 ? nil : $0 - 1) : $0 }
        let drawn = try timed(&timings.sampling) {
            let latents = draws.map { draw in
                let latent =
                    draw.map { index in
                        Latent.draw(content: origin.sha256, seed: settings.seed, index: index)
                    } ?? [Float](repeating: 0, count: Colorizer.latentCount)
                return transfer?.applied(to: latent) ?? latent
            }
            return try colorizer.samples(latents: latents, temperature: settings.temperature, conditions, execution)
        }
        let samples = drawn.prefix(settings.samples)
        try progress("rendering")

        var variants: [ResultMetadata.Variant] = []
        var warnings = photograph.warnings
        try timed(&timings.rendering) {
            // Variants side by side, as encoders have one thread; threads left over paint.
            let renderer = Renderer(photograph, threads: max(1, execution.threads / settings.samples))
            let preview = renderer.preview(longSide: ContactSheet.longSide)
            var thumbnails: [RGBImage] = []
            var map = settings.uncertainty ? UncertaintyMap(preview) : nil
            let numbered = Array(zip(draws, samples).enumerated())
            for start in stride(from: 0, to: numbered.count, by: execution.threads) {
                let group = Array(numbered[start..<min(start + execution.threads, numbered.count)])
                let written = execution.map(group.count) { index in
                    let (number, (draw, sample)) = group[index]
                    let field = renderer.field(chroma: sample.chroma)
                    let thumbnail = settings.sheet ? preview.colored(field, saturation: settings.saturation) : nil
                    return Result {
                        let variant = try write(
                            sample, field, draw, number: number, by: renderer, settings: settings, into: directory)
                        return (variant, field, thumbnail)
                    }
                }
                for result in written {
                    let ((variant, remarks), field, thumbnail) = try result.get()
                    variants.append(variant)
                    for remark in remarks where !warnings.contains(remark) { warnings.append(remark) }
                    if let thumbnail { thumbnails.append(thumbnail) }
                    map?.add(field)
                    try progress("rendering")
                }
            }
            let whole = disclosure(seed: settings.seed, sample: nil)
            if settings.sheet {
                try ContactSheet.write(
                    original: preview.original, variants: thumbnails, to: directory + "/sheet.jpg", disclosure: whole)
            }
            for sample in drawn.dropFirst(samples.count) { map?.add(renderer.field(chroma: sample.chroma)) }
            try map?.write(to: directory + "/uncertainty.png", disclosure: whole)
        }
        if samples.count > 1, Self.spread(samples.map(\.chroma)) < 1 { warnings.append("the samples hardly differ") }

        return ResultMetadata(
            program: "\(program.name) \(program.version)",
            source: .init(
                name: origin.name, path: origin.path, root: origin.root, sha256: origin.sha256,
                bytes: origin.bytes, modified: origin.modified, format: photograph.format.rawValue,
                width: photograph.width, height: photograph.height, bitDepth: photograph.bitDepth,
                chromaticity: photograph.chromaticity.rawValue,
                captured: photograph.dates.original ?? photograph.dates.digitized),
            model: model,
            settings: .init(
                samples: settings.samples, seed: settings.seed, temperature: settings.temperature,
                modeFirst: settings.modeFirst, saturation: settings.saturation,
                format: settings.format.rawValue, quality: settings.quality, key: settings.key(transfer)),
            reference: transfer?.reference, variants: variants, sheet: settings.sheet ? "sheet.jpg" : nil,
            uncertainty: settings.uncertainty ? "uncertainty.png" : nil, timings: timings, warnings: warnings)
    }

    private typealias Written = (variant: ResultMetadata.Variant, warnings: [String])

    /// Writes one variant; several of these run at once.
    private func write(
        _ sample: ImageColorizer.Sample, _ field: ChromaField, _ draw: Int?, number: Int, by renderer: Renderer,
        settings: ColoringSettings, into directory: String
    ) throws -> Written {
        var options = OutputOptions(format: settings.format)
        options.quality = settings.quality
        options.saturation = settings.saturation
        let file = String(format: "%02d.", number + 1) + settings.format.fileExtension
        let path = directory + "/" + file
        let report = try renderer.write(
            field, to: path, options: options,
            disclosure: disclosure(seed: settings.seed, sample: draw))
        let variant = ResultMetadata.Variant(
            file: file, sha256: try ContentHash(file: path).hex, sample: draw, logLikelihood: sample.logLikelihood,
            meanChroma: report.meanChroma, clippedPixels: report.clippedPixels)
        return (variant, report.warnings)
    }

    private func disclosure(seed: UInt64, sample: Int?) -> Disclosure {
        Disclosure(
            program: program.name, version: program.version, model: model.name, modelHash: model.sha256, seed: seed,
            sample: sample)
    }

    private func admit(_ photograph: Photograph, _ policy: ColoringSettings.ColoredPolicy) throws(ColorizationError) {
        guard photograph.chromaticity == .colored else { return }
        switch policy {
        case .skip: throw .skippedColored
        case .reject: throw .rejectedColored
        case .recolor: return
        }
    }

    private func timed<R>(_ seconds: inout Double, _ body: () throws -> R) rethrows -> R {
        let start = DispatchTime.now().uptimeNanoseconds
        defer { seconds += Double(DispatchTime.now().uptimeNanoseconds - start) / 1e9 }
        return try body()
    }

    /// Standard deviation of the samples' chroma, over all pixels and both channels, in Lab units.
    private static func spread(_ chromas: [Tensor]) -> Double {
        let planes = chromas.map(\.values)
        var sum = 0.0
        for i in planes[0].indices {
            let mean = planes.reduce(0.0) { $0 + Double($1[i]) } / Double(planes.count)
            sum += planes.reduce(0.0) { $0 + (Double($1[i]) - mean) * (Double($1[i]) - mean) } / Double(planes.count)
        }
        return (sum / Double(planes[0].count)).squareRoot()
    }
}
