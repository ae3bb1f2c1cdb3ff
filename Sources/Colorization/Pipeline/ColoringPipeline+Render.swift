import Digest
import Foundation
import Imaging
import Kernels

extension ColoringPipeline {
    /// The variants that were written, and what a user should know about them.
    struct Rendering {
        var variants: [ResultMetadata.Variant] = []
        var hints: [ResultMetadata.Hint] = []
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
    func render(
        _ drawn: Drawn, _ targets: [HintTarget], _ photograph: Photograph, _ original: OriginalMetadata?,
        _ request: ColoringRequest, into directory: String, _ progress: Progress
    ) throws -> Rendering {
        let (samples, settings) = (drawn.shown, request.settings)
        var hints = HintReport(targets, settings.saturation)
        // Variants side by side, as encoders have one thread; threads left over paint.
        let renderer = Renderer(photograph, threads: max(1, execution.threads / settings.samples))
        let anchored = renderer.anchored(HintTarget.anchors(targets, saturation: settings.saturation))
        let preview = renderer.preview(longSide: ContactSheet.longSide, threads: execution.threads)
        let whole = disclosure(request)
        let writer =
            request.previews
            ? PreviewWriter(renderer, small: preview, settings: settings, disclosure: whole, into: directory) : nil
        try writer?.writeOriginal()
        var rendering = Rendering()
        var thumbnails: [RGBImage] = []
        var map = settings.uncertainty ? UncertaintyMap(preview) : nil
        for start in stride(from: 0, to: samples.count, by: execution.threads) {
            let group = start..<min(start + execution.threads, samples.count)
            let rendered = execution.map(group.count) { index in
                Result {
                    try variant(
                        samples[start + index], number: start + index + 1, anchored, renderer, original, preview,
                        request, writer, directory)
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
                hints.add(rendered.field, renderer)
                try progress(.rendering)
            }
        }
        for sample in drawn.compared { map?.add(renderer.field(chroma: sample.chroma, anchored: anchored)) }
        try writeSummaries(thumbnails, map, preview, writer, whole, settings, into: directory)
        rendering.hints = hints.metadata
        return rendering
    }

    /// Writes the contact sheet and the uncertainty map side by side.
    private func writeSummaries(
        _ thumbnails: [RGBImage], _ map: UncertaintyMap?, _ preview: Preview, _ writer: PreviewWriter?,
        _ disclosure: Disclosure, _ settings: ColoringSettings, into directory: String
    ) throws {
        let results = execution.map(2) { index in
            Result {
                if index == 0, settings.sheet {
                    try ContactSheet.write(
                        original: preview.original, variants: thumbnails,
                        to: directory + "/" + ResultMetadata.sheetFile, disclosure: disclosure)
                }
                if index == 1, let map {
                    try map.write(to: directory + "/" + ResultMetadata.uncertaintyFile, disclosure: disclosure)
                    try writer?.write(map)
                }
            }
        }
        for result in results { try result.get() }
    }

    /// Writes one variant; several of these run at once.
    private func variant(
        _ drawn: Shown, number: Int, _ anchored: AnchoredField?, _ renderer: Renderer, _ original: OriginalMetadata?,
        _ preview: Preview, _ request: ColoringRequest, _ writer: PreviewWriter?, _ directory: String
    ) throws -> Rendered {
        let settings = request.settings
        let field = renderer.field(chroma: drawn.sample.chroma, anchored: anchored)
        var options = OutputOptions(format: settings.format)
        options.quality = settings.quality
        options.subsampling = settings.subsampling
        options.saturation = settings.saturation
        let file = String(format: "%02d.", number) + settings.format.fileExtension
        let path = directory + "/" + file
        let disclosure = disclosure(request, seed: drawn.draw.seed, sample: drawn.draw.index)
        let report = try renderer.write(
            field, to: path, options: options, disclosure: disclosure, metadata: original)
        if settings.sidecars == .xmp {
            try renderer.writeSidecar(to: path + ".xmp", disclosure: disclosure, metadata: original)
        }
        let variant = ResultMetadata.Variant(
            file: file, sha256: try ContentHash(file: path).hex, seed: drawn.draw.seed, sample: drawn.draw.index,
            logLikelihood: drawn.sample.logLikelihood, shownLogLikelihood: drawn.logLikelihood,
            distanceFromMode: drawn.fromMode, distanceFromNearest: drawn.fromNearest, meanChroma: report.meanChroma,
            clippedPixels: report.clippedPixels)
        let thumbnail = settings.sheet ? preview.colored(field, saturation: settings.saturation) : nil
        try writer?.write(number, field, thumbnail: thumbnail)
        return Rendered(variant: variant, remarks: report.warnings, field: field, thumbnail: thumbnail)
    }

    /// The statement of a picture made of a photograph.
    func disclosure(_ request: ColoringRequest, seed: UInt64? = nil, sample: Int? = nil) -> Disclosure {
        Disclosure(
            program: program.name, version: program.version, model: model.name, modelHash: model.sha256,
            seed: seed ?? request.settings.seed, sample: sample, original: request.source.sha256)
    }
}
