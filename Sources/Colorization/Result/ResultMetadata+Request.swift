import Imaging

extension ColoringSettings {
    /// The settings that a result was made with; nil where they are of no kind that is known here.
    package init?(of metadata: ResultMetadata) {
        guard let format = OutputFormat(rawValue: metadata.settings.format) else { return nil }
        self.init()
        let settings = metadata.settings
        (samples, seed, temperature) = (settings.samples, settings.seed, settings.temperature)
        (modeFirst, saturation, quality) = (settings.modeFirst, settings.saturation, settings.quality)
        candidates = settings.candidates ?? candidates
        modeSaturation = settings.modeSaturation ?? 1
        self.format = format
        hints = metadata.givenHints
        self.metadata = metadata.metadata.flatMap { MetadataPolicy(rawValue: $0.policy) } ?? self.metadata
        subsampling = settings.chromaSubsampling.flatMap(ChromaSubsampling.init) ?? subsampling
        sidecars = settings.sidecars.flatMap(SidecarPolicy.init) ?? sidecars
        (sheet, uncertainty) = (metadata.sheet != nil, metadata.uncertainty != nil)
        // There would be no result if it were to be left alone.
        colored = .recolor
    }
}

extension ResultMetadata {
    /// The hints as a person gave them.
    package var givenHints: [ColorHint] { (hints ?? []).map(\.given) }

    /// The draws of the variants, by their number from 0.
    package var draws: [Int: Draw] {
        Dictionary(uniqueKeysWithValues: variants.enumerated().map { ($0, draw(of: $1)) })
    }

    /// What another result of the same photograph must draw again, since a person has drawn some of it anew.
    ///
    /// Nothing where the settings now ask for another seed or another picture's palette: then all is drawn anew.
    package func reroll(under settings: ColoringSettings, reference: Reference? = nil) -> Reroll? {
        guard let reroll, self.settings.seed == settings.seed, self.reference == reference else { return nil }
        let further = (reroll.further ?? []).enumerated().map { (variants.count + $0, $1.draw) }
        return Reroll(seed: reroll.seed, kept: draws.merging(further) { shown, _ in shown })
    }
}
