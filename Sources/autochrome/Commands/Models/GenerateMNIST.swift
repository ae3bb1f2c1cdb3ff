import ArgumentParser
import Colorization
import Digest
import Flow
import Foundation
import Imaging
import Kernels
import Service

struct GenerateMNIST: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "mnist",
        abstract: "Write digits and put them on a sheet.",
        discussion: """
            Without --digit there is a row of each of the ten.

            Example: autochrome generate mnist --digit 7 --count 64 --model mnist.safetensors --output sevens.png
            """)

    @Option(help: "The digit, 0 to 9.") var digit: Int?
    @Option(help: "How many, of each digit.") var count = 10
    @Option(help: "Spread of the digits; 1 is what was learned.") var temperature = 0.8
    @Option(help: "Selects the digits; the same seed gives the same.") var seed: UInt64 = 1
    @Option(
        help: ArgumentHelp("The sheet to write: .png, .jpg, .webp or .tif.", valueName: "file"), completion: .file())
    var output: String
    @OptionGroup var model: ModelOptions

    func validate() throws {
        guard (0...9).contains(digit ?? 0) else { throw ValidationError("--digit must be 0 to 9.") }
        guard (1...10_000).contains(count) else { throw ValidationError("--count must be 1 to 10000.") }
        guard (0...2).contains(temperature) else { throw ValidationError("--temperature must be 0 to 2.") }
        if OutputFormat(path: output) == nil {
            throw ValidationError("--output must end in .jpg, .png, .webp or .tif.")
        }
    }

    func run() throws {
        let (generator, path): (DigitGenerator, String)
        do {
            try Vips.start(concurrency: 1)
            path = try DigitModel.locate(model.path)
            generator = try DigitGenerator(file: ModelFile.open(path))
        } catch {
            throw Output.usage(error)
        }
        do {
            let digits = (digit.map { [$0] } ?? Array(0...9)).flatMap { Array(repeating: $0, count: count) }
            let sheet = DigitSheet(seed: seed, temperature: temperature)
            let columns = digit == nil ? count : Int(Double(count).squareRoot().rounded(.up))
            try sheet.picture(digits: digits, columns: columns, generator: generator, execution: model.execution).write(
                to: output, options: OutputOptions(format: OutputFormat(path: output) ?? .png),
                disclosure: Disclosure(
                    version: Program.version,
                    model: URL(fileURLWithPath: path).deletingPathExtension().lastPathComponent,
                    modelHash: try ContentHash(file: path).hex, seed: seed, content: .whole))
        } catch {
            Output.complain(of: error)
            throw ExitCode(1)
        }
    }
}
