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

    package init(source: Source, settings: ColoringSettings, transfer: LatentTransfer? = nil) {
        self.source = source
        self.settings = settings
        self.transfer = transfer
    }

    /// The variants' draws, in their order.
    package var draws: [Draw] { (0..<settings.samples).map(settings.draw) }

    /// A generous estimate of the result's size in bytes.
    package var resultBytes: Int64 { Int64(source.bytes) * Int64(2 * settings.samples) + (8 << 20) }

    /// Draws for the uncertainty map that no variant shows.
    var comparisons: [Draw] {
        guard settings.uncertainty, settings.samples == 1 else { return [] }
        return (1...Self.comparedDraws).map(settings.draw)
    }

    /// A draw's latent vector, with what the transfer replaces.
    func latent(_ draw: Draw) -> [Float] {
        let latent = draw.latent(content: source.sha256)
        return transfer?.applied(to: latent) ?? latent
    }
}
