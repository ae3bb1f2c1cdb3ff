import Foundation

/// A request to colour one photograph.
package struct ColoringRequest: Sendable {
    /// The file that the photograph is read from.
    package struct Source: Sendable {
        /// For messages and metadata, printable.
        package var name: String
        package var path: String
        /// The folder where the search for settings began.
        package var root: String
        /// SHA-256 of the file in hexadecimal, which keys the draws.
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

    /// Number of draws with which the uncertainty map compares a single variant.
    private static let comparedDraws = 3

    package var source: Source
    package var settings: ColoringSettings
    /// A coloured picture whose latent code replaces parts of the draws'.
    package var transfer: LatentTransfer?
    /// What was drawn anew after the first time; nil where nothing was.
    package var reroll: Reroll?
    /// Whether small pictures are made beside the variants, for the desk.
    package var previews = false

    package init(
        source: Source, settings: ColoringSettings, transfer: LatentTransfer? = nil, reroll: Reroll? = nil
    ) {
        self.source = source
        self.settings = settings
        self.transfer = transfer
        self.reroll = reroll
    }

    /// Seed of the candidates.
    package var seed: UInt64 { reroll?.seed ?? settings.seed }

    /// The draws that variants must show, by the variant's number from 0; selection fills the others.
    package var fixed: [Int: Draw] {
        var fixed = (reroll?.kept ?? [:]).filter { $0.key < settings.samples }
        if settings.modeFirst, fixed[0] == nil, !fixed.values.contains(.mode) { fixed[0] = .mode }
        return fixed
    }

    /// The same in the variants' order.
    package var fixedDraws: [Draw] { fixed.sorted { $0.key < $1.key }.map(\.value) }

    /// The draws that selection chooses from, in the order of their indices; as many as are free at least.
    package var candidates: [Draw] {
        let fixed = fixed
        let taken = Set(fixed.values)
        let count = settings.drawsMade - fixed.count
        return Array(
            (0...).lazy.map { Draw.sample(seed: seed, index: $0) }.filter { !taken.contains($0) }.prefix(count))
    }

    /// The draws by which known colours spread: those of the first time, so that what is kept when others are drawn anew
    /// stays to the bit.
    package var spreading: [Draw] {
        var first = self
        first.reroll = nil
        return first.fixedDraws + first.candidates
    }

    /// The variants' draws in their order: the fixed ones, and at the other places the best of others, best first.
    package func draws(choosing best: some Sequence<Draw>) -> [Draw] {
        let fixed = fixed
        var best = best.makeIterator()
        return (0..<settings.samples).map { number in
            guard let draw = fixed[number] ?? best.next() else { preconditionFailure("too few draws to choose from") }
            return draw
        }
    }

    /// A generous estimate of the result's size in bytes.
    package var resultBytes: Int64 { Int64(source.bytes) * Int64(2 * settings.samples) + (8 << 20) }

    /// Draws for the uncertainty map that no variant shows.
    var comparisons: [Draw] {
        guard settings.uncertainty, settings.samples == 1 else { return [] }
        let shown = fixed.isEmpty ? 1 : 0
        return (shown..<shown + Self.comparedDraws).map { .sample(seed: seed, index: $0) }
    }

    /// A draw's latent vector, with what the transfer replaces.
    func latent(_ draw: Draw) -> [Float] {
        let latent = draw.latent(content: source.sha256)
        return transfer?.applied(to: latent) ?? latent
    }
}
