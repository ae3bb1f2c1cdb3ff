import Imaging

/// The settings of one photograph's colouring.
package struct ColoringSettings: Sendable, Equatable {
    /// The treatment of a photograph that already has colours.
    package enum ColoredPolicy: String, Sendable, CaseIterable { case skip, recolor, reject }

    /// Number of variants.
    package var samples = 8
    /// Selects the draws; the same seed, content, model and settings give the same bytes.
    package var seed: UInt64 = 1
    /// How far draws go from the most likely colours; 1 is the distribution that was learned.
    package var temperature = 0.7
    /// Whether variant 1 is the mode (z = 0) instead of a draw.
    package var modeFirst = true
    /// Factor on chroma.
    package var saturation = 1.0
    /// File format of the variants.
    package var format = OutputFormat.jpeg
    /// Quality of lossy formats.
    package var quality = 92
    /// The treatment of coloured photographs.
    package var colored = ColoredPolicy.skip
    /// Whether a contact sheet is written.
    package var sheet = true
    /// Whether an uncertainty map is written.
    package var uncertainty = true

    package static let samplesRange = 1...99
    package static let temperatureRange = 0.0...2
    package static let saturationRange = 0.0...3
    package static let qualityRange = 1...100

    package init() {}

    /// Throws the first setting that is out of range, as a sentence.
    package func validate() throws(ColorizationError) {
        try require("samples", samples, Self.samplesRange)
        try require("temperature", temperature, Self.temperatureRange)
        try require("saturation", saturation, Self.saturationRange)
        try require("quality", quality, Self.qualityRange)
    }

    private func require<Value>(
        _ name: String, _ value: Value, _ range: ClosedRange<Value>
    ) throws(ColorizationError) {
        if !range.contains(value) { throw .settings("\(name) must be \(range.words), not \(value)") }
    }

    /// The draw of the variant of a number, from 0.
    package func draw(_ number: Int) -> Draw {
        guard modeFirst else { return .sample(seed: seed, index: number) }
        return number == 0 ? .mode : .sample(seed: seed, index: number - 1)
    }

    /// The same of a result with another picture's latent code.
    package func key(_ transfer: LatentTransfer?) -> String { key + (transfer.map { " " + $0.key } ?? "") }

    /// A canonical text that differs whenever the result would: part of a job's identity.
    package var key: String {
        "samples=\(samples) seed=\(seed) temperature=\(temperature) mode_first=\(modeFirst) saturation=\(saturation)"
            + " format=\(format.rawValue) quality=\(quality) sheet=\(sheet) uncertainty=\(uncertainty)"
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
