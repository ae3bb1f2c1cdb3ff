import Imaging

/// The settings of one photograph's colouring.
package struct ColoringSettings: Sendable, Equatable {
    /// The treatment of a photograph that already has colours.
    package enum ColoredPolicy: String, Sendable, CaseIterable { case skip, recolor, reject }

    /// Number of variants, 1 to 99.
    package var samples = 8
    /// Selects the draws; the same seed, content, model and settings give the same bytes.
    package var seed: UInt64 = 1
    /// How far draws go from the most likely colours, 0 to 2; 1 is the distribution that was learned.
    package var temperature = 0.7
    /// Whether variant 1 is the mode (z = 0) instead of a draw.
    package var modeFirst = true
    /// Factor on chroma, 0 to 3.
    package var saturation = 1.0
    /// File format of the variants.
    package var format = OutputFormat.jpeg
    /// Quality of lossy formats, 1 to 100.
    package var quality = 92
    /// The treatment of coloured photographs.
    package var colored = ColoredPolicy.skip
    /// Whether a contact sheet is written.
    package var sheet = true
    /// Whether an uncertainty map is written.
    package var uncertainty = true

    package init() {}

    /// The first setting that is out of range, as a sentence.
    package func validate() throws(ColorizationError) {
        func require(_ condition: Bool, _ message: String) throws(ColorizationError) {
            if !condition { throw .settings(message) }
        }
        try require((1...99).contains(samples), "samples must be 1 to 99, not \(samples)")
        try require((0...2).contains(temperature), "temperature must be 0 to 2, not \(temperature)")
        try require((0...3).contains(saturation), "saturation must be 0 to 3, not \(saturation)")
        try require((1...100).contains(quality), "quality must be 1 to 100, not \(quality)")
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
