import Imaging

extension ColoringPipeline {
    /// The document beside the variants.
    func describe(
        _ request: ColoringRequest, _ photograph: Photograph, _ original: OriginalMetadata?, _ drawn: Drawn,
        _ rendering: Rendering,
        _ timings: ResultMetadata.Timings, _ warnings: [String]
    ) -> ResultMetadata {
        let (source, settings) = (request.source, request.settings)
        return ResultMetadata(
            program: "\(program.name) \(program.version)",
            source: .init(
                name: source.name, path: source.path, root: source.root, sha256: source.sha256,
                bytes: source.bytes, modified: source.modified, format: photograph.format.rawValue,
                width: photograph.width, height: photograph.height, bitDepth: photograph.bitDepth,
                chromaticity: photograph.chromaticity.rawValue,
                captured: photograph.dates.original ?? photograph.dates.digitized),
            model: model,
            settings: .init(
                samples: settings.samples, seed: settings.seed, temperature: settings.temperature,
                modeFirst: settings.modeFirst, candidates: settings.candidates, saturation: settings.saturation,
                modeSaturation: settings.modeSaturation, format: settings.format.rawValue, quality: settings.quality,
                chromaSubsampling: settings.subsampling.rawValue, sidecars: settings.sidecars.rawValue,
                key: settings.key(request.transfer)),
            reference: request.transfer?.reference,
            hints: rendering.hints.isEmpty ? nil : rendering.hints,
            reroll: request.reroll.map { .init($0, samples: settings.samples) }, variants: rendering.variants,
            metadata: .init(
                policy: settings.metadata.rawValue, exif: original?.exifCount ?? photograph.dates.count,
                iptc: original?.iptcCount ?? 0, xmp: original?.xmpCount ?? 0,
                dropped: original?.dropped ?? (settings.metadata == .minimal ? ["all but the dates"] : [])),
            candidates: drawn.candidates, leftOut: drawn.leftOut,
            sheet: settings.sheet ? ResultMetadata.sheetFile : nil,
            uncertainty: settings.uncertainty ? ResultMetadata.uncertaintyFile : nil, timings: timings,
            warnings: warnings)
    }
}
