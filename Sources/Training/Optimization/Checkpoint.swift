import Foundation
import Tensor

/// All that a training needs to go on to the same bits: parameters, the optimiser's moments, and the trainer's state.
///
/// Random numbers are drawn from streams keyed by step and epoch, so the state of a trainer is a small value.
package struct Checkpoint {
    package let parameters: Parameters
    package let optimizer: Adam
    /// The moving average of the parameters, where the trainer keeps one.
    package let average: Parameters?
    /// The trainer's own state as JSON: its schedule and counters.
    private let state: Data
    private let path: String

    private static let format = "autochrome-training"

    private struct Progress: Codable {
        var steps: Int
        var skipped: Int
    }

    /// Writes a checkpoint; the file that was there before stays whole if this fails.
    package static func write(
        _ parameters: Parameters, _ optimizer: Adam, average: Parameters? = nil, state: some Encodable, to path: String
    ) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        var outputs = parameters.outputs(prefix: "parameter.", half: false)
        for (name, moments) in optimizer.moments.sorted(by: { $0.key < $1.key }) {
            outputs.append(.init("moment1." + name, .float32(moments.first)))
            outputs.append(.init("moment2." + name, .float32(moments.second)))
        }
        if let average { outputs += average.outputs(prefix: "average.", half: false) }
        let progress = Progress(steps: optimizer.steps, skipped: optimizer.skipped)
        let metadata = [
            "format": format, "state": String(decoding: try encoder.encode(state), as: UTF8.self),
            "optimiser": String(decoding: try encoder.encode(progress), as: UTF8.self),
        ]
        try SafeTensors.write(outputs, metadata: metadata, to: path)
    }

    /// Reads a checkpoint.
    package init(path: String, settings: Adam.Settings = Adam.Settings()) throws {
        let file = try SafeTensors(path: path)
        guard file.metadata["format"] == Self.format, let state = file.metadata["state"],
            let progress = try? JSONDecoder().decode(
                Progress.self, from: Data((file.metadata["optimiser"] ?? "").utf8))
        else { throw TrainingError.notACheckpoint(path: path) }
        parameters = try Parameters(file, prefix: "parameter.")
        let average = try Parameters(file, prefix: "average.")
        self.average = average.all.isEmpty ? nil : average
        var moments: [String: Adam.Moments] = [:]
        for parameter in parameters.learned where file.entries["moment1." + parameter.name] != nil {
            let own = Adam.Moments(
                first: try file.tensor("moment1." + parameter.name),
                second: try file.tensor("moment2." + parameter.name))
            guard own.first.shape == parameter.value.shape, own.second.shape == parameter.value.shape else {
                throw TrainingError.otherNetwork(path: path, tensor: parameter.name)
            }
            moments[parameter.name] = own
        }
        optimizer = Adam(settings: settings, steps: progress.steps, skipped: progress.skipped, moments: moments)
        self.state = Data(state.utf8)
        self.path = path
    }

    /// The trainer's state.
    package func state<State: Decodable>(as type: State.Type) throws(TrainingError) -> State {
        do { return try JSONDecoder().decode(type, from: state) } catch { throw .notACheckpoint(path: path) }
    }

    /// Refuses a checkpoint whose names or shapes are not the ones expected.
    package func check(against expected: Parameters) throws(TrainingError) {
        func shapes(_ parameters: Parameters) -> [String: [Int]] {
            var shapes = parameters.permutations.mapValues { [$0.count] }
            for parameter in parameters.all { shapes[parameter.name] = parameter.value.shape }
            return shapes
        }
        let (own, other) = (shapes(parameters), shapes(expected))
        if let name = Set(own.keys).union(other.keys).filter({ own[$0] != other[$0] }).min() {
            throw .otherNetwork(path: path, tensor: name)
        }
    }
}
