import Foundation

/// Finds the model for handwritten digits.
package enum DigitModel {
    /// The path of a model file, the installed one where `path` is empty.
    package static func locate(_ path: String) throws(MissingDigitModel) -> String {
        if !path.isEmpty, FileManager.default.fileExists(atPath: path) { return path }
        let candidates = path.isEmpty ? Program.modelCandidates("mnist") : [path]
        guard let found = candidates.first(where: FileManager.default.fileExists(atPath:)) else {
            throw MissingDigitModel(candidates: candidates)
        }
        return found
    }
}

/// There is no model for digits.
package struct MissingDigitModel: Error, CustomStringConvertible {
    package let candidates: [String]
    package var description: String {
        """
        no model for digits; looked for \(candidates.joined(separator: ", "))
        make one with: autochrome train mnist --data DIR --output mnist.safetensors
        and name it with --model mnist.safetensors
        """
    }
}
