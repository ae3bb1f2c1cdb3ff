import Imaging

/// The settings of one photograph's colouring.
package struct ColoringSettings: Sendable, Equatable {
    /// The treatment of a photograph that already has colours.
    package enum ColoredPolicy: String, Sendable, CaseIterable { case skip, recolor, reject }

    /// Files that are written beside the variants for managers of photographs.
    package enum SidecarPolicy: String, Sendable, CaseIterable { case none, xmp }

    /// Number of variants.
    package var samples = 8
    /// Draws that the variants are chosen out of; where there are fewer than variants, as many as those.
    package var candidates = 32
    /// Selects the draws; the same seed, content, model and settings give the same bytes.
    package var seed: UInt64 = 1
    /// How far draws go from the most likely colours; 1 is the distribution that was learned.
    package var temperature = 0.7
    /// Whether variant 1 is the mode (z = 0) instead of a draw.
    package var modeFirst = true
    /// Factor on chroma.
    package var saturation = 1.0
    /// A further factor on the mode's chroma, which is an average of what is possible and so paler than each of that.
    package var modeSaturation = 1.55
    /// File format of the variants.
    package var format = OutputFormat.jpeg
    /// Quality of lossy formats.
    package var quality = 92
    /// What JPEG keeps of the chroma.
    package var subsampling = ChromaSubsampling.half
    /// The treatment of coloured photographs.
    package var colored = ColoredPolicy.skip
    /// Colors that a person knows.
    package var hints: [ColorHint] = []
    /// Whether a contact sheet is written.
    package var sheet = true
    /// Whether an uncertainty map is written.
    package var uncertainty = true
    /// How much of the photograph's metadata the variants carry.
    package var metadata = MetadataPolicy.keep
    /// Whether each variant has an XMP file beside it.
    package var sidecars = SidecarPolicy.none

    package static let samplesRange = 1...99
    package static let candidatesRange = 1...256
    package static let temperatureRange = 0.0...2
    package static let saturationRange = 0.0...3
    package static let qualityRange = 1...100

    package init() {}

    /// Throws the first setting that is out of range, as a sentence.
    package func validate() throws(ColorizationError) {
        try require("samples", samples, Self.samplesRange)
        try require("candidates", candidates, Self.candidatesRange)
        try require("temperature", temperature, Self.temperatureRange)
        try require("saturation", saturation, Self.saturationRange)
        try require("mode_saturation", modeSaturation, Self.saturationRange)
        try require("quality", quality, Self.qualityRange)
        guard hints.count <= ColorHint.limit else {
            throw .settings("hints must be at most \(ColorHint.limit), not \(hints.count)")
        }
    }

    private func require<Value>(
        _ name: String, _ value: Value, _ range: ClosedRange<Value>
    ) throws(ColorizationError) {
        if !range.contains(value) { throw .settings("\(name) must be \(range.words), not \(value)") }
    }

    /// Draws that are made: `candidates`, and at least one for each variant.
    package var drawsMade: Int { max(candidates, samples) }

    /// The same of a result with another picture's latent code.
    package func key(_ transfer: LatentTransfer?) -> String { key + (transfer.map { " " + $0.key } ?? "") }

    /// A canonical text that differs whenever the result would: part of a job's identity.
    package var key: String {
        "samples=\(samples) candidates=\(drawsMade) seed=\(seed) temperature=\(temperature) mode_first=\(modeFirst) saturation=\(saturation)"
            + " format=\(format.rawValue) quality=\(quality) sheet=\(sheet) uncertainty=\(uncertainty)"
            + " metadata=\(metadata.rawValue) sidecars=\(sidecars.rawValue)"
            + (modeSaturation == 1 ? "" : " mode_saturation=\(modeSaturation)")
            + (subsampling == .half ? "" : " chroma_subsampling=\(subsampling.rawValue)")
            + (hints.isEmpty ? "" : " hints=" + Set(hints.map(\.key)).sorted().joined(separator: ";"))
    }
}

extension ClosedRange {
    /// The range as people write it: `0.1 to 2`.
    package var words: String { "\(Self.word(lowerBound)) to \(Self.word(upperBound))" }

    /// A number without a fraction where it has none.
    package static func word(_ value: Bound) -> String {
        let text = "\(value)"
        return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
    }
}
