import Synchronization
import Tensor

/// Where a network's parameters come from while it is built: a model file or a formula.
protocol Weights: AnyObject {
    /// A parameter of the given name and shape.
    func tensor(_ name: String, _ shape: [Int]) throws(ModelError) -> Tensor
    /// A fixed orthogonal matrix, [channels, channels].
    func rotation(_ name: String, _ channels: Int) throws(ModelError) -> Tensor
    /// A fixed permutation of 0 ..< count.
    func permutation(_ name: String, _ count: Int) throws(ModelError) -> [Int]
    /// Learned numbers read so far; running statistics, rotations and permutations are not learned.
    var parameterCount: Int { get }
}

/// The parameters in a model file, each checked as it is read; any number of threads may read.
final class FileWeights: Weights, Sendable {
    private struct State {
        var used: Set<String> = []
        var parameterCount = 0
    }

    private let file: ModelFile
    private let state = Mutex(State())
    var parameterCount: Int { state.withLock(\.parameterCount) }

    init(_ file: ModelFile) { self.file = file }

    func tensor(_ name: String, _ shape: [Int]) throws(ModelError) -> Tensor {
        let tensor = try read(name, shape)
        if name.hasSuffix("running_var") {
            let least = tensor.values.min() ?? 0
            guard least >= 0 else { throw .negativeVariance(path: file.path, name: name) }
        } else if !name.hasSuffix("running_mean") {
            state.withLock { $0.parameterCount += tensor.count }
        }
        return tensor
    }

    func rotation(_ name: String, _ channels: Int) throws(ModelError) -> Tensor {
        let rotation = try read(name, [channels, channels])
        // A float32 matrix is off by about 1e-7 and a half-precision one by 1e-3, which would harm the inverse.
        guard rotation.isOrthogonal(tolerance: 1e-4) else { throw .notOrthogonal(path: file.path, name: name) }
        return rotation
    }

    func permutation(_ name: String, _ count: Int) throws(ModelError) -> [Int] {
        try check(name, [count])
        let values: [Int]
        do { values = try file.tensors.integers(name).map(Int.init) } catch { throw translated(error) }
        guard values.sorted() == Array(0..<count) else { throw .notAPermutation(path: file.path, name: name) }
        return values
    }

    /// Checks, once the network is complete, that it uses every tensor of the file.
    func finish() throws(ModelError) {
        let used = state.withLock(\.used)
        if let name = file.tensors.entries.keys.filter({ !used.contains($0) }).min() {
            throw .unexpectedTensor(path: file.path, name: name)
        }
    }

    private func read(_ name: String, _ shape: [Int]) throws(ModelError) -> Tensor {
        try check(name, shape)
        let tensor: Tensor
        do { tensor = try file.tensors.tensor(name) } catch { throw translated(error) }
        guard tensor.isFinite else { throw .notFinite(path: file.path, name: name) }
        return tensor
    }

    /// Compares with the header, so that a file cannot ask for memory that it does not fill.
    private func check(_ name: String, _ shape: [Int]) throws(ModelError) {
        guard let entry = file.tensors.entries[name] else { throw .missingTensor(path: file.path, name: name) }
        guard entry.shape == shape else {
            throw .wrongShape(path: file.path, name: name, expected: shape, found: entry.shape)
        }
        state.withLock { _ = $0.used.insert(name) }
    }

    private func translated(_ error: SafeTensorsError) -> ModelError {
        if case .wrongType(let name, let type, _) = error.reason {
            return .wrongType(path: file.path, name: name, type: type.rawValue)
        }
        return .file(error)
    }
}
