import Tensor

/// A model file whose header and metadata are read and whose tensors are read when a network is built from it.
package struct ModelFile: Sendable {
    /// The kind of network that the file holds, and its architecture.
    package enum Architecture: Sendable, Equatable {
        case colorization(ModelConfiguration)
        case digits(DigitConfiguration)

        var name: String {
            switch self {
            case .colorization: "colorization"
            case .digits: "mnist"
            }
        }
    }

    /// The file.
    package let path: String
    /// The kind of network that it holds.
    package let architecture: Architecture
    /// How it was trained, as JSON text.
    package let trainingRecord: String
    /// Its tensors.
    package let tensors: SafeTensors

    /// The value of the key `format` in every model file's metadata.
    package static let format = "autochrome-model"
    /// The only version of the format so far.
    package static let formatVersion = "1"

    /// Opens a file and reads its header.
    package static func open(_ path: String) throws(ModelError) -> ModelFile {
        let tensors: SafeTensors
        do { tensors = try SafeTensors(path: path) } catch { throw .file(error) }
        let metadata = MetadataReader(path: path, values: tensors.metadata)
        _ = try metadata.value("format") { $0 == format ? $0 : nil }
        _ = try metadata.value("format_version") { $0 == formatVersion ? $0 : nil }
        let architecture: Architecture =
            switch try metadata.value("architecture", { ["colorization", "mnist"].firstIndex(of: $0) }) {
            case 0: .colorization(try ModelConfiguration(metadata: metadata))
            default: .digits(try DigitConfiguration(metadata: metadata))
            }
        let record = try metadata.value("training") { $0 }
        return ModelFile(path: path, architecture: architecture, trainingRecord: record, tensors: tensors)
    }

    /// The metadata of a new model file.
    package static func metadata(_ architecture: [String: String], trainingRecord: String) -> [String: String] {
        let own = ["format": format, "format_version": formatVersion, "training": trainingRecord]
        return own.merging(architecture) { _, new in new }
    }
}
