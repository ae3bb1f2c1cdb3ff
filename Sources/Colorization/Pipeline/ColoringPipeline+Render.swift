import Digest
import Foundation
import Imaging
import Kernels

extension ColoringPipeline {
    /// The variants that were written, and what a user should know about them.
    struct Rendering {
        var variants: [ResultMetadata.Variant] = []
        var remarks: [String] = []
    }

    /// One variant on its way to the result.
    private struct Rendered {
        var variant: ResultMetadata.Variant
        var remarks: [String]
        var field: ChromaField
        var thumbnail: RGBImage?
    }

    /// Writes the variants, the contact sheet and the uncertainty map.
    ///
    /// - Parameter compared: Samples that only the map takes into account.
    func render(
        _ samples: [(draw: Draw, sample: ImageColorizer.Sample)], compared: [ImageColorizer.Sample],
        _ photograph: Photograph, _ settings: ColoringSettings, into directory: String, _ progress: Progress
    ) throws -> Rendering {
        // Variants side by side, as encoders have one thread; threads left over paint.
        let renderer = Renderer(photograph, threads: max(1, execution.threads / settings.samples))
        let preview = renderer.preview(longSide: ContactSheet.longSide)
        var rendering = Rendering()
        var thumbnails: [RGBImage] = []
        var map = settings.uncertainty ? UncertaintyMap(preview) : nil
        for start in stride(from: 0, to: samples.count, by: execution.threads) {
            let group = start..<min(start + execution.threads, samples.count)
            let rendered = execution.map(group.count) { index in
                Result {
                    try variant(
                        samples[start + index], number: start + index + 1, renderer, preview, settings, directory)
                }
            }
            for result in rendered {
                let rendered = try result.get()
                rendering.variants.append(rendered.variant)
                for remark in rendered.remarks where !rendering.remarks.contains(remark) {
                    rendering.remarks.append(remark)
                }
                if let thumbnail = rendered.thumbnail { thumbnails.append(thumbnail) }
                map?.add(rendered.field)
                try progress(.rendering)
            }
        }
        let whole = disclosure(seed: settings.seed, sample: nil)
        if settings.sheet {
            try ContactSheet.write(
                original: preview.original, variants: thumbnails, to: directory + "/" + ResultMetadata.sheetFile,
                disclosure: whole)
        }
        for sample in compared { map?.add(renderer.field(chroma: sample.chroma)) }
        try map?.write(to: directory + "/" + ResultMetadata.uncertaintyFile, disclosure: whole)
        return rendering
    }

    /// Writes one variant; several of these run at once.
    private func variant(
        _ drawn: (draw: Draw, sample: ImageColorizer.Sample), number: Int, _ renderer: Renderer, _ preview: Preview,
        _ settings: ColoringSettings, _ directory: String
    ) throws -> Rendered {
        let field = renderer.field(chroma: drawn.sample.chroma)
        var options = OutputOptions(format: settings.format)
        options.quality = settings.quality
        options.saturation = settings.saturation
        let file = String(format: "%02d.", number) + settings.format.fileExtension
        let path = directory + "/" + file
        let report = try renderer.write(
            field, to: path, options: options, disclosure: disclosure(seed: settings.seed, sample: drawn.draw.index))
        let variant = ResultMetadata.Variant(
            file: file, sha256: try ContentHash(file: path).hex, sample: drawn.draw.index,
            logLikelihood: drawn.sample.logLikelihood, meanChroma: report.meanChroma,
            clippedPixels: report.clippedPixels)
        return Rendered(
            variant: variant, remarks: report.warnings, field: field,
            thumbnail: settings.sheet ? preview.colored(field, saturation: settings.saturation) : nil)
    }

    private func disclosure(seed: UInt64, sample: Int?) -> Disclosure {
        Disclosure(
            program: program.name, version: program.version, model: model.name, modelHash: model.sha256, seed: seed,
            sample: sample)
    }
}
