import Imaging

extension ColoringPipeline {
    /// The document beside the variants.
    func describe(
        _ request: ColoringRequest, _ photograph: Photograph, _ variants: [ResultMetadata.Variant],
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
                modeFirst: settings.modeFirst, saturation: settings.saturation,
                format: settings.format.rawValue, quality: settings.quality, key: settings.key(request.transfer)),
            reference: request.transfer?.reference, variants: variants,
            sheet: settings.sheet ? ResultMetadata.sheetFile : nil,
            uncertainty: settings.uncertainty ? ResultMetadata.uncertaintyFile : nil, timings: timings,
            warnings: warnings)
    }
}
