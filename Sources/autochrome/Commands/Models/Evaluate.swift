import ArgumentParser
import Colorization
import Foundation
import Imaging
import Service
import Training

struct Evaluate: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Judge a model on a directory of colour photographs.",
        discussion: """
            Photographs are scaled to 256×256 and their chroma is taken away, guessed and compared.
            Lower is better for all errors; `gray` is the error of doing nothing.

            --candidates judges what would be shown: the mode, and the others chosen from so many draws. Without it the
            first draws are judged as they come, without the mode. --hints reveals the true colour at so many places,
            which all colourings, the mode among them, then follow. --mode-saturation judges the mode with stronger colours,
            as `colorize` shows it; mode_colorful and true_colorful say how colourful it and the truth look.

            --sheets writes best.jpg and worst.jpg: the photographs with the smallest and the largest best_of_n, each
            as a row of the truth, gray, the regression (where the model has one), the mode and up to four samples.
            """)

    @Argument(help: "A directory of colour photographs; subdirectories are read too.", completion: .directory)
    var directory: String
    @Option(help: "Samples of each photograph.") var samples = 8
    @Option(help: "Draws that the samples are chosen from.") var candidates: Int?
    @Option(help: "Places whose true colour is revealed.") var hints = 0
    @Option(help: "Selects the samples.") var seed: UInt64 = 1
    @Option(help: "Spread of the samples; 1 is what was learned.") var temperature = 1.0
    @Option(help: "Factor on the mode's chroma.") var modeSaturation = 1.0
    @Option(help: "Stop after so many photographs, in order of name.") var limit: Int?
    @Option(
        help: ArgumentHelp("Write every photograph's figures to a CSV file.", valueName: "file"), completion: .file())
    var csv: String?
    @Option(
        help: ArgumentHelp("Write the worst and the best as sheets into a folder.", valueName: "dir"),
        completion: .directory)
    var sheets: String?
    @Flag(help: "Print one JSON document.") var json = false
    @OptionGroup var model: ModelOptions

    func validate() throws {
        guard (1...64).contains(samples) else { throw ValidationError("--samples must be 1 to 64.") }
        if let candidates, !(1...256).contains(candidates) {
            throw ValidationError("--candidates must be 1 to 256.")
        }
        guard (0...4096).contains(hints) else { throw ValidationError("--hints must be 0 to 4096.") }
        guard (0...2).contains(temperature) else { throw ValidationError("--temperature must be 0 to 2.") }
        guard ColoringSettings.saturationRange.contains(modeSaturation) else {
            throw ValidationError("--mode-saturation must be \(ColoringSettings.saturationRange.words).")
        }
        if let limit, limit < 1 { throw ValidationError("--limit must be 1 or more.") }
    }

    func run() throws {
        let loaded = try model.load()
        let items = try InputFiles([directory]).complete().prefix(limit ?? .max)
        let evaluator = Evaluator(colorizer: loaded.colorizer, options: options, execution: model.execution)
        let bar = ProgressBar(total: items.count, quiet: json && !Output.isTerminal)
        var rows: [Row] = []
        var failures = 0
        let decoder = SandboxedDecoder()
        for item in items {
            do {
                let photograph = try Self.photograph(item, decoder)
                rows.append(
                    Row(item: item, figures: try evaluator.figures(of: photograph, name: item.relative.escapedName)))
                bar.advance()
            } catch {
                failures += 1
                bar.advance(note: "autochrome: \(error)")
            }
        }
        bar.finish()
        guard !rows.isEmpty else { throw ExitCode(1) }
        do {
            if let csv { try write(rows, to: csv) }
            if let sheets {
                try write(rows, evaluator: evaluator, decoder: decoder, model: loaded.metadata, to: sheets)
            }
        } catch {
            Output.complain(of: error)
            throw ExitCode(1)
        }
        let summary = Summary(rows.map(\.figures), samples: samples)
        if json {
            try Output.json(
                Report(
                    summary: summary, candidates: candidates, hints: hints, temperature: temperature, seed: seed,
                    model: loaded.metadata.sha256))
        } else {
            show(summary)
        }
        if failures > 0 { throw ExitCode(1) }
    }

    private var options: Evaluator.Options {
        var options = Evaluator.Options()
        (options.samples, options.candidates, options.hints) = (samples, candidates, hints)
        (options.temperature, options.seed, options.modeSaturation) = (temperature, seed, modeSaturation)
        return options
    }

    private func show(_ summary: Summary) {
        print("\(summary.images) photographs, \(summary.samples) samples each, temperature \(temperature)")
        for (name, value) in summary.values {
            let label = name.padding(toLength: 14, withPad: " ", startingAt: 0)
            print(label + String(format: "%9.4f ± %.4f", value.mean, value.error))
        }
    }

    /// A photograph that was judged.
    private struct Row {
        let item: InputFiles.Item
        let figures: Figures
        var name: String { item.relative.escapedName }
    }

    private static func photograph(_ item: InputFiles.Item, _ decoder: SandboxedDecoder) throws -> Photograph {
        let file = try item.folder.openFile(item.relative)
        return try withExtendedLifetime(file) {
            try decoder.photograph(descriptor: file.descriptor.raw, name: item.relative.escapedName)
        }
    }

    /// Photographs on a sheet, and samples of each.
    private static let sheet = (rows: 8, samples: 4)

    private func write(
        _ rows: [Row], evaluator: Evaluator, decoder: SandboxedDecoder, model: ResultMetadata.Model,
        to directory: String
    ) throws {
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        let order = rows.sorted { ($0.figures.bestOfN, $0.name) < ($1.figures.bestOfN, $1.name) }
        for (name, chosen) in [
            ("best", order.prefix(Self.sheet.rows)), ("worst", ArraySlice(order.reversed()).prefix(Self.sheet.rows)),
        ] {
            let pictures = try chosen.map {
                try evaluator.pictures(
                    of: Self.photograph($0.item, decoder), name: $0.name, samples: Self.sheet.samples)
            }
            try ImageGrid.compose(pictures.flatMap { $0 }, columns: pictures[0].count).write(
                to: "\(directory)/\(name).jpg", options: OutputOptions(format: .jpeg),
                disclosure: Disclosure(
                    version: Program.version, model: model.name, modelHash: model.sha256, seed: seed))
        }
    }

    private func write(_ rows: [Row], to path: String) throws {
        var text = (["file"] + rows[0].figures.named.map(\.name)).joined(separator: ",") + "\n"
        for row in rows {
            let name = "\"" + row.name.replacingOccurrences(of: "\"", with: "\"\"") + "\""
            text += ([name] + row.figures.named.map { "\($0.value)" }).joined(separator: ",") + "\n"
        }
        try Data(text.utf8).write(to: URL(fileURLWithPath: path))
    }

    /// The JSON document: counts, settings, and `mean` and `error` of each figure.
    private struct Report: Encodable {
        let summary: Summary
        let candidates: Int?
        let hints: Int
        let temperature: Double
        let seed: UInt64
        let model: String

        func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: Key.self)
            try container.encode(summary.images, forKey: Key("images"))
            try container.encode(summary.samples, forKey: Key("samples"))
            try container.encodeIfPresent(candidates, forKey: Key("candidates"))
            try container.encode(hints, forKey: Key("hints"))
            try container.encode(temperature, forKey: Key("temperature"))
            try container.encode(seed, forKey: Key("seed"))
            try container.encode(model, forKey: Key("model_sha256"))
            for (name, value) in summary.values { try container.encode(value, forKey: Key(name)) }
        }

        private struct Key: CodingKey {
            let stringValue: String
            var intValue: Int? { nil }
            init(_ name: String) { stringValue = name }
            init?(stringValue: String) { self.stringValue = stringValue }
            init?(intValue: Int) { nil }
        }
    }
}
