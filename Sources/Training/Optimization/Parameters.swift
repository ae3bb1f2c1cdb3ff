import Tensor

/// All numbers of a network in training, as the model file names them, in order of name.
package struct Parameters {
    /// Floats, learned or not.
    package let all: [Parameter]
    /// Fixed permutations by name.
    package let permutations: [String: [Int32]]
    private let byName: [String: Parameter]

    /// Parameters of different names.
    package init(_ parameters: [Parameter], permutations: [String: [Int32]] = [:]) {
        all = parameters.sorted { $0.name < $1.name }
        self.permutations = permutations
        byName = Dictionary(uniqueKeysWithValues: parameters.map { ($0.name, $0) })
    }

    /// The tensors of a file whose names begin with `prefix`, under the rest of their names.
    init(_ file: SafeTensors, prefix: String) throws(SafeTensorsError) {
        var parameters: [Parameter] = []
        var permutations: [String: [Int32]] = [:]
        for (name, entry) in file.entries where name.hasPrefix(prefix) {
            let own = String(name.dropFirst(prefix.count))
            if entry.type == .int32 {
                permutations[own] = try file.integers(name)
            } else {
                parameters.append(Parameter(own, try file.tensor(name)))
            }
        }
        self.init(parameters, permutations: permutations)
    }

    /// The parameters that the optimiser changes, in order of name.
    package var learned: [Parameter] { all.filter(\.isLearned) }

    /// The parameter of a name, which the network must have.
    package subscript(_ name: String) -> Parameter {
        guard let parameter = byName[name] else { preconditionFailure("no parameter \(name)") }
        return parameter
    }

    /// The fixed permutation of a name, which the network must have.
    func permutation(_ name: String) -> [Int] {
        guard let permutation = permutations[name] else { preconditionFailure("no permutation \(name)") }
        return permutation.map(Int.init)
    }

    /// The parameter of a name, if the network has one.
    func find(_ name: String) -> Parameter? { byName[name] }

    /// The tensors of a file, names after `prefix`; in half precision all but rotations and what normalises.
    package func outputs(prefix: String = "", half: Bool) -> [SafeTensors.Output] {
        all.map { parameter in
            let exact = !half || parameter.name.hasSuffix("rotation") || parameter.name.contains("norm")
            return .init(prefix + parameter.name, exact ? .float32(parameter.value) : .float16(parameter.value))
        }
            + permutations.sorted { $0.key < $1.key }.map { .init(prefix + $0.key, .int32($0.value)) }
    }
}
