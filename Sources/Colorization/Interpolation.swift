import Imaging
import Kernels
import Tensor

/// The supplement's two-dimensional walk through latent space: z* = a₁z₁ + a₂z₂, the mode in the centre.
package struct Interpolation: Sendable {
    /// Largest coefficient on either axis.
    package static let reach = 0.9

    /// Images to a side, odd.
    package let grid: Int
    let latents: [[Float]]

    /// The grid between two latent vectors drawn from a seed.
    package init(content: String, seed: UInt64, grid: Int) {
        precondition(grid >= 3 && grid % 2 == 1, "the grid must be odd and at least 3")
        self.grid = grid
        let first = Latent.draw(content: content, seed: seed, index: 0)
        let second = Latent.draw(content: content, seed: seed, index: 1)
        let coefficients = (0..<grid).map { Float(Self.reach * (2 * Double($0) / Double(grid - 1) - 1)) }
        latents = coefficients.flatMap { a1 in
            coefficients.map { a2 in zip(first, second).map { a1 * $0 + a2 * $1 } }
        }
    }

    /// Writes the grid as one picture, rows from a₁ = −0.9 to 0.9.
    package func write(
        _ photograph: Photograph, colorizer: ImageColorizer, execution: Execution, longSide: Int, to path: String,
        format: OutputFormat, disclosure: Disclosure
    ) throws {
        let conditions = colorizer.conditions(lightness: photograph.networkLightness(), execution)
        let samples = try colorizer.samples(latents: latents, conditions, execution)
        let preview = Renderer(photograph, threads: execution.threads).preview(longSide: longSide)
        let pictures = samples.map { preview.coloured(chroma: $0.chroma) }
        try ImageGrid.compose(pictures, columns: grid).write(
            to: path, options: OutputOptions(format: format), disclosure: disclosure)
    }
}
