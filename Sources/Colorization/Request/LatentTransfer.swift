import Flow
import Foundation
import Imaging
import Kernels
import Tensor

/// The latent code of a coloured picture, or some of its levels, to be applied to other photographs.
///
/// The code is what the flow makes of the picture's chroma under the picture's own condition (the paper's figure on
/// style transfer). A picture that the model finds unlikely has a code far out, which would give garish colours
/// elsewhere; so each level's part is brought to at most the length of a usual draw, and no number goes beyond 2.5.
package struct LatentTransfer: Sendable {
    /// The picture that the code is of.
    package let reference: ResultMetadata.Reference
    private let code: [Float]

    /// Levels of the flow that have a part in the latent; what is left of level 1 goes on to level 2.
    package static let levels = 2...5
    /// Largest number in a code.
    private static let limit: Float = 2.5

    /// Reads a picture's code.
    ///
    /// - Parameters:
    ///   - photograph: In colour.
    ///   - levels: Those whose parts are applied to others.
    ///   - strength: Largest length of a level's part, over that of a usual draw.
    package init(
        _ photograph: Photograph, name: String, sha256: String, levels: Set<Int>, strength: Double,
        colorizer: ImageColorizer, _ execution: Execution
    ) throws(ColorizationError) {
        precondition(!levels.isEmpty && levels.allSatisfy(Self.levels.contains), "levels \(levels)")
        guard photograph.chromaticity == .colored else { throw .grayReference(name: name) }
        let conditions = colorizer.conditions(lightness: photograph.networkLightness(), execution)
        let chroma = Normalization.normalized(chroma: photograph.chroma64())
        code = colorizer.network.forward(chroma: chroma, conditions, execution).z.values
        guard code.allSatisfy(\.isFinite) else { throw .nonFinite }
        reference = .init(name: name, sha256: sha256, levels: levels.sorted(), strength: strength)
    }

    /// A latent vector with the chosen levels' parts replaced by the picture's.
    package func applied(to latent: [Float]) -> [Float] {
        var result = latent
        for level in reference.levels {
            let range = Colorizer.latentLevels[level - Self.levels.lowerBound]
            let part = code[range].map { max(-Self.limit, min(Self.limit, $0)) }
            let length = (part.reduce(0) { $0 + $1 * $1 } / Float(part.count)).squareRoot()
            let scale = min(1, Float(reference.strength) / max(length, 1e-6))
            result.replaceSubrange(range, with: part.map { $0 * scale })
        }
        return result
    }

    /// A canonical text that differs whenever the result would; part of a job's identity, beside the settings' key.
    package var key: String {
        "reference=\(reference.sha256) levels=\(reference.levels.map(String.init).joined(separator: ","))"
            + " strength=\(reference.strength)"
    }
}
