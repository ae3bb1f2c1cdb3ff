import Digest
import Foundation

/// A variant of a result, by the result's metadata.
package struct ResultVariant: Equatable, Sendable {
    /// From 1.
    package var number: Int
    package var file: String
    package var sha256: ContentHash
    /// Seed of its draw; nil for the mode.
    package var seed: UInt64?
    /// Index of its draw; nil for the mode.
    package var sample: Int?

    private struct Metadata: Decodable {
        struct Settings: Decodable {
            let seed: UInt64?
        }
        struct Variant: Decodable {
            let file: String
            let sha256: ContentHash
            let seed: UInt64?
            let sample: Int?
        }

        let settings: Settings
        let variants: [Variant]?
    }

    /// The variants that a result's metadata list, in their order.
    static func list(_ metadata: Data) throws -> [ResultVariant] {
        let metadata = try JSONDecoder().decode(Metadata.self, from: metadata)
        return (metadata.variants ?? []).enumerated().map { index, variant in
            // Older documents have the settings' seed alone.
            let seed = variant.sample.flatMap { _ in variant.seed ?? metadata.settings.seed }
            return ResultVariant(
                number: index + 1, file: variant.file, sha256: variant.sha256, seed: seed,
                sample: seed == nil ? nil : variant.sample)
        }
    }

    /// This as the picture that is chosen.
    func picture(time: Date, note: String?) -> Choice.Picture {
        Choice.Picture(variant: number, file: file, sha256: sha256, seed: seed, sample: sample, time: time, note: note)
    }
}
