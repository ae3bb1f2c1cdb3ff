import Colorization
import Digest
import Flow
import Foundation
import Imaging
import Logging

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
        // By its descriptor, as another file may have the name by now, and while the network is built.
        let hashing = Background { try ContentHash(descriptor: file.tensors.descriptor.raw, path: found) }
        let network = try Colorizer(file: file)
        let hash = try hashing.get()
        let name = URL(fileURLWithPath: found).deletingPathExtension().lastPathComponent
        return LoadedModel(
            path: found, colorizer: ImageColorizer(network: network),
            metadata: .init(
                name: name, sha256: hash.hex,
                preset: network.configuration.preset.rawValue, width: network.configuration.width))
    }

    /// Loads a model file while a decoder starts, and logs where that is confined less than it could be.
    static func load(_ path: String, beside decoder: SandboxedDecoder, _ logger: Logger) throws -> LoadedModel {
        let starting = Background { try decoder.start() }
        let model = try load(path)
        if let gap = try starting.get().gap {
            logger.warning("decoders are confined less than they could be: there is no \(gap) here")
        }
        return model
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
    package var description: String {
        "no model file found; looked for \(candidates.joined(separator: ", ")): install the package of a model, or name a "
            + "file by --model or in the configuration"
    }
}
