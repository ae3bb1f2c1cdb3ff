import Colorization
import Digest
import Flow
import Foundation

/// A colorization model and its identity.
package struct LoadedModel: Sendable {
    package let path: String
    package let colorizer: ImageColorizer
    package let metadata: ResultMetadata.Model

    /// Loads a model file, the installed one where `path` is empty.
    ///
    /// - Throws: `ModelError` naming the file and the first thing wrong with it.
    package static func load(_ path: String) throws -> LoadedModel {
        let found = try locate(path)
        let file = try ModelFile.open(found)
        let network = try Colorizer(file: file)
        // By its descriptor: another file may have the name by now.
        let hash = try ContentHash(descriptor: file.tensors.descriptor.raw, path: found)
        let name = URL(fileURLWithPath: found).deletingPathExtension().lastPathComponent
        return LoadedModel(
            path: found, colorizer: ImageColorizer(network: network),
            metadata: .init(
                name: name, sha256: hash.hex,
                preset: network.configuration.preset.rawValue, width: network.configuration.width))
    }

    /// The path of a model file, the installed one where `path` is empty.
    package static func locate(_ path: String) throws -> String {
        if !path.isEmpty { return path }
        let candidates = Program.modelCandidates()
        guard let found = candidates.first(where: FileManager.default.fileExists(atPath:)) else {
            throw MissingModel(candidates: candidates)
        }
        return found
    }
}

/// No model was named and none is installed.
package struct MissingModel: Error, CustomStringConvertible {
    package let candidates: [String]
    package var description: String { "no model file found; looked for " + candidates.joined(separator: ", ") }
}
