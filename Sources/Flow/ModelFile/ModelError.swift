import Tensor

/// Why a model file is refused: the file, and the first thing that is wrong with it.
package enum ModelError: Error, Equatable, CustomStringConvertible {
    /// Not a readable, well-formed safetensors file.
    case file(SafeTensorsError)
    case missingMetadata(path: String, key: String)
    case badMetadata(path: String, key: String, value: String)
    /// The file holds another kind of network than the one asked for.
    case wrongArchitecture(path: String, found: String, expected: String)
    case missingTensor(path: String, name: String)
    case unexpectedTensor(path: String, name: String)
    case wrongShape(path: String, name: String, expected: [Int], found: [Int])
    case wrongType(path: String, name: String, type: String)
    case notFinite(path: String, name: String)
    case negativeVariance(path: String, name: String)
    case notOrthogonal(path: String, name: String)
    case notAPermutation(path: String, name: String)

    package var description: String {
        switch self {
        case .file(let error): error.description
        case .missingMetadata(let path, let key): "\(path): not a model file: its metadata lack \(key)"
        case .badMetadata(let path, let key, let value): "\(path): its metadata have an impossible \(key): \(value)"
        case .wrongArchitecture(let path, let found, let expected):
            "\(path): a model for \(found) where one for \(expected) is needed"
        case .missingTensor(let path, let name): "\(path): tensor \(name) is missing"
        case .unexpectedTensor(let path, let name): "\(path): tensor \(name) belongs to no part of the network"
        case .wrongShape(let path, let name, let expected, let found):
            "\(path): tensor \(name) has the shape \(found) where \(expected) is needed"
        case .wrongType(let path, let name, let type): "\(path): tensor \(name) has the unsuitable type \(type)"
        case .notFinite(let path, let name): "\(path): tensor \(name) holds infinite or undefined numbers"
        case .negativeVariance(let path, let name): "\(path): tensor \(name) holds a negative variance"
        case .notOrthogonal(let path, let name): "\(path): tensor \(name) is not an orthogonal matrix"
        case .notAPermutation(let path, let name): "\(path): tensor \(name) is not a permutation"
        }
    }
}
