import ArgumentParser
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
            """)

    @Argument(help: "A directory of colour photographs; subdirectories are read too.") var directory: String
    @Option(help: "Samples of each photograph.") var samples = 8
    @Option(help: "Selects the samples.") var seed: UInt64 = 1
    @Option(help: "Spread of the samples; 1 is what was learned.") var temperature = 1.0
    @Option(help: "Stop after so many photographs, in order of name.") var limit: Int?
    @Option(help: ArgumentHelp("Write every photograph's figures to a CSV file.", valueName: "file")) var csv: String?
    @Flag(help: "Print one JSON document.") var json = false
    @OptionGroup var model: ModelOptions

    func validate() throws {
        guard (1...64).contains(samples) else { throw ValidationError("--samples must be 1 to 64.") }
        guard (0...2).contains(temperature) else { throw ValidationError("--temperature must be 0 to 2.") }
        if let limit, limit < 1 { throw ValidationError("--limit must be 1 or more.") }
    }

    func run() throws {
        let loaded = try model.load()
        let inputs = InputFiles([directory])
        guard inputs.problems.isEmpty else {
            for problem in inputs.problems { Output.complain("autochrome: \(problem)") }
            throw ExitCode(2)
        }
        let items = inputs.items.prefix(limit ?? .max)
        let evaluator = Evaluator(
            colorizer: loaded.colorizer, samples: samples, temperature: temperature, seed: seed,
            execution: model.execution)
        let bar = ProgressBar(total: items.count, quiet: json && !Output.isTerminal)
        var rows: [(name: String, figures: Figures)] = []
        var failures = 0
        let decoder = SandboxedDecoder()
        for item in items {
            do {
                let name = item.relative.escapedName
                let file = try item.folder.openFile(item.relative)
                let photograph = try decoder.photograph(descriptor: file.descriptor.raw, name: name)
                rows.append((name, try evaluator.figures(of: photograph, name: name)))
                bar.advance()
            } catch {
                failures += 1
                bar.advance(note: "autochrome: \(error)")
            }
        }
        bar.finish()
        guard !rows.isEmpty else { throw ExitCode(1) }
        if let csv { try write(rows, to: csv) }
        let summary = Summary(rows.map(\.figures), samples: samples)
        if json {
            try Output.json(Report(summary, temperature: temperature, seed: seed, model: loaded.metadata.sha256))
        } else {
            show(summary)
        }
        if failures > 0 { throw ExitCode(1) }
    }

    private func show(_ summary: Summary) {
        print("\(summary.images) photographs, \(summary.samples) samples each, temperature \(temperature)")
        for (name, value) in summary.values {
            let label = name.padding(toLength: 14, withPad: " ", startingAt: 0)
            print(label + String(format: "%9.4f ± %.4f", value.mean, value.error))
        }
    }

    private func write(_ rows: [(name: String, figures: Figures)], to path: String) throws {
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
        let temperature: Double
        let seed: UInt64
        let model: String

        init(_ summary: Summary, temperature: Double, seed: UInt64, model: String) {
            self.summary = summary
            self.temperature = temperature
            self.seed = seed
            self.model = model
        }

        func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: Key.self)
            try container.encode(summary.images, forKey: Key("images"))
            try container.encode(summary.samples, forKey: Key("samples"))
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
