import Flow
import Foundation
import Imaging
import Kernels
import Tensor

/// Square grids of colourings whose latent vectors are related.
package struct Interpolation: Sendable {
    /// Largest coefficient on either axis.
    package static let reach = 0.9

    /// Images to a side, odd.
    package let grid: Int
    let latents: [[Float]]
    private let temperature: Double

    /// The supplement's two-dimensional walk z* = a₁z₁ + a₂z₂ between two vectors drawn from a seed, the mode in the
    /// centre, rows from a₁ = −0.9 to 0.9.
    package init(content: String, seed: UInt64, grid: Int) {
        precondition(grid >= 3 && grid % 2 == 1, "the grid must be odd and at least 3")
        self.grid = grid
        temperature = 1
        let first = Draw.sample(seed: seed, index: 0).latent(content: content)
        let second = Draw.sample(seed: seed, index: 1).latent(content: content)
        let coefficients = (0..<grid).map { Float(Self.reach * (2 * Double($0) / Double(grid - 1) - 1)) }
        latents = coefficients.flatMap { a1 in
            coefficients.map { a2 in zip(first, second).map { a1 * $0 + a2 * $1 } }
        }
    }

    /// One draw in the centre, and around it the same with only one level's part of the latent drawn anew.
    ///
    /// - Parameters:
    ///   - level: Of the flow, one of `LatentTransfer.levels`.
    ///   - temperature: How far colourings go from the most likely one.
    package init(content: String, seed: UInt64, grid: Int, varying level: Int, temperature: Double) {
        precondition(grid >= 3 && grid % 2 == 1, "the grid must be odd and at least 3")
        precondition(LatentTransfer.levels.contains(level), "level \(level) has no part in the latent")
        self.grid = grid
        self.temperature = temperature
        func draw(_ index: Int) -> [Float] { Draw.sample(seed: seed, index: index).latent(content: content) }
        let base = draw(0)
        let range = Colorizer.latentLevels[level - LatentTransfer.levels.lowerBound]
        let center = grid * grid / 2
        latents = (0..<grid * grid).map { place in
            guard place != center else { return base }
            var latent = base
            latent.replaceSubrange(range, with: draw(place + 1)[range])
            return latent
        }
    }

    /// Colours a photograph in every way of the grid, row by row.
    package func samples(
        _ photograph: Photograph, colorizer: ImageColorizer, execution: Execution
    ) throws -> [ImageColorizer.Sample] {
        let conditions = colorizer.conditions(lightness: photograph.networkLightness(), execution)
        return try colorizer.samples(latents: latents, temperature: temperature, conditions, execution)
    }

    /// Writes the grid as one picture.
    package func write(
        sheet samples: [ImageColorizer.Sample], of photograph: Photograph, longSide: Int, to path: String,
        format: OutputFormat, disclosure: Disclosure
    ) throws {
        let renderer = Renderer(photograph)
        let preview = renderer.preview(longSide: longSide)
        let pictures = samples.map { preview.colored(renderer.field(chroma: $0.chroma)) }
        try ImageGrid.compose(pictures, columns: grid).write(
            to: path, options: OutputOptions(format: format), disclosure: disclosure)
    }

    /// Writes every picture of the grid at full size, as ROW-COLUMN.jpg counted from 1.
    package func write(
        images samples: [ImageColorizer.Sample], of photograph: Photograph, execution: Execution,
        to directory: String, format: OutputFormat, disclosure: Disclosure
    ) throws {
        let renderer = Renderer(photograph, threads: execution.threads)
        for (place, sample) in samples.enumerated() {
            let name = String(format: "%02d-%02d.", place / grid + 1, place % grid + 1) + format.fileExtension
            _ = try renderer.write(
                renderer.field(chroma: sample.chroma), to: directory + "/" + name,
                options: OutputOptions(format: format), disclosure: disclosure)
        }
    }
}
