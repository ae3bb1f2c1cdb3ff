import ArgumentParser
import Colorization
import Digest
import Foundation
import Imaging
import Kernels
import Service

struct Interpolate: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Draw a grid of colourings between two random ones, the most likely in the centre.",
        discussion: """
            Example: autochrome interpolate grandma.jpg --output grid.jpg --grid 5
            """)

    @Argument(help: "The photograph.") var input: String
    @Option(help: "The picture to write; the format follows its extension.") var output: String
    @Option(help: "Pictures to a side, an odd number.") var grid = 5
    @Option(help: "Selects the two random colourings.") var seed: UInt64 = 1
    @Option(help: "Longer side of each picture, in pixels.") var size = 320
    @OptionGroup var model: ModelOptions

    func validate() throws {
        guard grid >= 3, grid % 2 == 1, grid <= 15 else { throw ValidationError("--grid must be odd, 3 to 15.") }
        guard (32...1024).contains(size) else { throw ValidationError("--size must be 32 to 1024.") }
        if OutputFormat(path: output) == nil {
            throw ValidationError("--output must end in .jpg, .png, .webp or .tif.")
        }
    }

    func run() throws {
        let loaded = try model.load()
        do {
            let photograph = try Photograph.open(path: input, limits: DecodeLimits())
            let content = try ContentHash(file: input).hex
            try Interpolation(content: content, seed: seed, grid: grid).write(
                photograph, colorizer: loaded.colorizer, execution: model.execution, longSide: size, to: output,
                format: OutputFormat(path: output) ?? .jpeg,
                disclosure: Disclosure(
                    version: Program.version, model: loaded.metadata.name, modelHash: loaded.metadata.sha256,
                    seed: seed))
        } catch {
            Output.complain("autochrome: \(error)")
            throw ExitCode(1)
        }
    }
}
