import ArgumentParser
import Flow
import Foundation
import Service

struct Model: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Describe a model file: architecture, parameters, training record, hash.")

    @Argument(help: "The model file; the installed one if none is named.", completion: .file()) var file = ""
    @Flag(help: "Print one JSON document.") var json = false

    struct Report: Encodable {
        var file: String
        var sha256: String
        var bytes: Int
        var preset: String
        var width: Double
        var features: Int
        var ablation: String
        var affine: Bool
        var seed: UInt64
        var parameters: Int
        var training: JSONValue
    }

    func run() throws {
        let loaded: LoadedModel
        let bytes: Int
        do {
            loaded = try LoadedModel.load(file)
            bytes = try FileManager.default.attributesOfItem(atPath: loaded.path)[.size] as? Int ?? 0
        } catch {
            throw Output.usage(error)
        }
        let network = loaded.colorizer.network
        let c = network.configuration
        let record = network.trainingRecord.flatMap {
            try? JSONDecoder().decode(JSONValue.self, from: Data($0.utf8))
        }
        let report = Report(
            file: loaded.path, sha256: loaded.metadata.sha256, bytes: bytes, preset: c.preset.rawValue, width: c.width,
            features: c.features, ablation: c.ablation.rawValue, affine: c.affine, seed: UInt64(c.seed),
            parameters: network.parameterCount, training: record ?? .null)
        if json {
            try Output.json(report)
            return
        }
        print(
            """
            file        \(report.file)
            sha256      \(report.sha256)
            size        \(String(format: "%.1f MB", Double(bytes) / 1e6))
            preset      \(report.preset), width \(c.width), \(c.features) features, conditioning \(report.ablation)
            parameters  \(String(format: "%.2f million", Double(report.parameters) / 1e6))
            training
            """)
        for line in (record ?? .null).lines { print("  " + line) }
    }
}
