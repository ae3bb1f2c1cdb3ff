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
            With --vary, the grid shows instead what one level of the network governs: one colouring in the centre, and
            around it the same with only that level's part of the latent drawn anew. Level 5 is the coarsest.

            A grid shows the latent space as it is: nothing is selected from candidates, known colours are not used, and
            there is nothing to choose.

            Examples:
              autochrome interpolate grandma.jpg --output grid.jpg --grid 5
              autochrome interpolate grandma.jpg --images frames --grid 9
              autochrome interpolate grandma.jpg --output coarse.jpg --vary 5
            """)

    @Argument(help: "The photograph.", completion: .file()) var input: String
    @Option(help: "The sheet to write; the format follows its extension.", completion: .file()) var output: String?
    @Option(
        help: ArgumentHelp("A folder for the single pictures, at full size.", valueName: "dir"), completion: .directory)
    var images: String?
    @Option(help: "Pictures to a side, an odd number.") var grid = 5
    @Option(help: "Draw only this level's part of the latent anew, 2 to 5.") var vary: Int?
    @Option(help: "Spread of the colourings with --vary, 0 to 2. (default: 1)") var temperature: Double?
    @Option(help: "Selects the random colourings.") var seed: UInt64 = 1
    @Option(help: "Longer side of each picture of the sheet, in pixels.") var size = 320
    @OptionGroup var model: ModelOptions

    func validate() throws {
        guard grid >= 3, grid % 2 == 1, grid <= 15 else { throw ValidationError("--grid must be odd, 3 to 15.") }
        guard (32...1024).contains(size) else { throw ValidationError("--size must be 32 to 1024.") }
        let range = ColoringSettings.temperatureRange
        guard range.contains(temperature ?? 0) else { throw ValidationError("--temperature must be \(range.words).") }
        if temperature != nil, vary == nil { throw ValidationError("--temperature goes with --vary only.") }
        if let vary, !LatentTransfer.levels.contains(vary) {
            throw ValidationError("--vary must be 2 to 5; level 1 has no part in the latent.")
        }
        if output == nil, images == nil { throw ValidationError("Give --output, --images or both.") }
        if let output, OutputFormat(path: output) == nil {
            throw ValidationError("--output must end in .jpg, .png, .webp or .tif.")
        }
    }

    func run() throws {
        let loaded = try model.load()
        do {
            let photograph = try SandboxedDecoder().photograph(path: input)
            let content = try ContentHash(file: input).hex
            let interpolation =
                vary.map {
                    Interpolation(
                        content: content, seed: seed, grid: grid, varying: $0, temperature: temperature ?? 1)
                } ?? Interpolation(content: content, seed: seed, grid: grid)
            let samples = try interpolation.samples(
                photograph, colorizer: loaded.colorizer, execution: model.execution)
            let disclosure = Disclosure(
                version: Program.version, model: loaded.metadata.name, modelHash: loaded.metadata.sha256, seed: seed,
                original: content)
            if let output {
                try interpolation.write(
                    sheet: samples, of: photograph, longSide: size, to: output,
                    format: OutputFormat(path: output) ?? .jpeg, disclosure: disclosure)
            }
            if let images {
                try FileManager.default.createDirectory(atPath: images, withIntermediateDirectories: true)
                try interpolation.write(
                    images: samples, of: photograph, execution: model.execution, to: images,
                    format: output.flatMap(OutputFormat.init(path:)) ?? .jpeg, disclosure: disclosure)
            }
        } catch {
            Output.complain(of: error)
            throw ExitCode(1)
        }
    }
}
