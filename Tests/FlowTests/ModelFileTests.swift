import Foundation
import Kernels
import Tensor
import Testing

@testable import Flow

/// Files that the reference wrote load, and every kind of broken file is refused with what is wrong.
@Suite struct ModelFileTests {
    private let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    @Test func aHalfPrecisionFileOfTheReferenceLoads() throws {
        let file = try ModelFile.open(Golden.path("model-tiny"))
        #expect(file.architecture == .colorization(.paper(width: 1.0 / 64, seed: 17)))
        #expect(file.trainingRecord == #"{"data": "none", "steps": 0}"#)
        let colorizer = try Colorizer(file: file)
        #expect(colorizer.trainingRecord == file.trainingRecord)
        let inputs = RandomWeights(seed: 17)
        let conditions = colorizer.conditions(
            lightness: inputs.input("lightness", [1, 1, 256, 256], scale: 1.7), .single)
        let latent = inputs.input("latent", [1, 8192], scale: 1.7)
        let chroma = colorizer.inverse(z: latent, conditions, .single).chroma
        try Golden("model-tiny-expected").expect("inverse", chroma)
    }

    @Test func aFileForDigitsLoads() throws {
        let generator = try DigitGenerator(file: ModelFile.open(Golden.path("model-mnist")))
        let random = DigitGenerator(random: DigitConfiguration(seed: 18, blocks: 2, hidden: 8))
        #expect(generator.configuration == random.configuration)
        #expect(generator.parameterCount == random.parameterCount)
        let z = latents([2, 784], seed: 1)
        #expect(
            generator.inverse(z: z, digits: [1, 2], .single).pixels.values
                == random.inverse(z: z, digits: [1, 2], .single).pixels.values)
    }

    @Test func theKindsAreNotMixedUp() throws {
        let tiny = try ModelFile.open(Golden.path("model-tiny"))
        let mnist = try ModelFile.open(Golden.path("model-mnist"))
        #expect(throws: ModelError.wrongArchitecture(path: tiny.path, found: "colorization", expected: "mnist")) {
            try DigitGenerator(file: tiny)
        }
        #expect(throws: ModelError.wrongArchitecture(path: mnist.path, found: "mnist", expected: "colorization")) {
            try Colorizer(file: mnist)
        }
    }

    @Test func aCopyLoads() throws {
        let path = try copy("model-tiny") { _, _ in }
        #expect(try Colorizer(file: ModelFile.open(path)).configuration.seed == 17)
    }

    @Test func metadataOfANewFileAreRead() throws {
        let configuration = ModelConfiguration.compact(width: 0.375, features: 40, ablation: .fixed, seed: .max)
        let metadata = ModelFile.metadata(configuration.metadata, trainingRecord: "{}")
        let path = directory.path + "/new"
        try SafeTensors.write([], metadata: metadata, to: path)
        #expect(try ModelFile.open(path).architecture == .colorization(configuration))
        let digits = DigitConfiguration(seed: 5, blocks: 3, hidden: 7)
        try SafeTensors.write([], metadata: ModelFile.metadata(digits.metadata, trainingRecord: "{}"), to: path)
        #expect(try ModelFile.open(path).architecture == .digits(digits))
    }

    @Test func truncationIsRefused() throws {
        let whole = [UInt8](try Data(contentsOf: URL(fileURLWithPath: Golden.path("model-tiny"))))
        let path = directory.path + "/cut"
        let lengths = Array(0...9) + stride(from: 10, to: whole.count, by: whole.count / 41) + [whole.count - 1]
        for length in lengths {
            try Data(whole[..<length]).write(to: URL(fileURLWithPath: path))
            let error = #expect(throws: ModelError.self, "cut to \(length)") { try ModelFile.open(path) }
            guard case .file(let cause) = error, case .truncated = cause.reason else {
                Issue.record("cut to \(length): \(String(describing: error))")
                continue
            }
            #expect(error?.description.hasPrefix("\(path): truncated") == true)
        }
    }

    /// A changed byte is refused or harmless, and never stops the process.
    @Test func changedHeadersAreHarmless() throws {
        let whole = [UInt8](try Data(contentsOf: URL(fileURLWithPath: Golden.path("model-mnist"))))
        let header = 8 + whole[..<8].reversed().reduce(0) { $0 << 8 | Int($1) }
        let path = directory.path + "/changed"
        var stream = RandomStream(high: 0, low: 41)
        var refused = 0
        for _ in 0..<200 {
            var bytes = whole
            bytes[Int.random(in: 0..<header, using: &stream)] = UInt8.random(in: 0...255, using: &stream)
            try Data(bytes).write(to: URL(fileURLWithPath: path))
            do {
                _ = try DigitGenerator(file: ModelFile.open(path))
            } catch {
                refused += 1
                #expect("\(error)".hasPrefix(path))
            }
        }
        #expect(refused > 150, "\(refused) of 200 refused")
    }

    typealias Edit = @Sendable (inout [String: SafeTensors.Output.Content], inout [String: String]) -> Void

    private static let rotation = "level1.unconditional.0.rotation"
    private static let permutation = "level5.conditional.3.permutation"
    private static let weight = "level2.conditional.1.coefficients1.conv1.weight"
    private static let variance = "conditioning.group2.norm.running_var"

    /// An edit of the tiny model and what the message must say.
    static let edits: [(Edit, String)] = [
        ({ t, _ in t[weight] = nil }, "tensor \(weight) is missing"),
        ({ t, _ in t["extra"] = .int32([1]) }, "tensor extra belongs to no part of the network"),
        ({ t, _ in t[weight + "s"] = t.removeValue(forKey: weight) }, "tensor \(weight) is missing"),
        (
            { t, _ in t[weight] = .float32(Tensor([1, 1, 3, 2])) },
            "tensor \(weight) has the shape [1, 1, 3, 2] where [1, 1, 3, 3] is needed"
        ),
        (
            { t, _ in t[weight] = .float32(Tensor([1, 1, 3, 3], [.nan] + [Float](repeating: 0, count: 8))) },
            "tensor \(weight) holds infinite or undefined numbers"
        ),
        (
            { t, _ in t[weight] = .float16(Tensor([1, 1, 3, 3], [1e9] + [Float](repeating: 0, count: 8))) },
            "tensor \(weight) holds infinite or undefined numbers"
        ),
        (
            { t, _ in t[variance] = .float32(Tensor([4], [1, 1, -1, 1])) },
            "tensor \(variance) holds a negative variance"
        ),
        (
            { t, _ in t[rotation] = .float32(Tensor([8, 8], (0..<64).map { $0 % 9 == 0 ? 1.001 : 0 })) },
            "tensor \(rotation) is not an orthogonal matrix"
        ),
        ({ t, _ in t[rotation] = .float32(Tensor([8, 8])) }, "tensor \(rotation) is not an orthogonal matrix"),
        (
            { t, _ in t[permutation] = .int32([1] + Array(1..<512)) },
            "tensor \(permutation) is not a permutation"
        ),
        (
            { t, _ in t[permutation] = .int32([-1] + Array(1..<512)) },
            "tensor \(permutation) is not a permutation"
        ),
        (
            { t, _ in t[permutation] = .int32(Array(0..<511)) },
            "tensor \(permutation) has the shape [511] where [512] is needed"
        ),
        (
            { t, _ in t[permutation] = .float32(Tensor([512], (0..<512).map(Float.init))) },
            "tensor \(permutation) has the unsuitable type F32"
        ),
        ({ _, m in m["format"] = nil }, "not a model file: its metadata lack format"),
        ({ _, m in m["format"] = "pt" }, "its metadata have an impossible format: pt"),
        ({ _, m in m["format_version"] = "2" }, "its metadata have an impossible format_version: 2"),
        ({ _, m in m["architecture"] = "llm" }, "its metadata have an impossible architecture: llm"),
        ({ _, m in m["training"] = nil }, "not a model file: its metadata lack training"),
        ({ _, m in m["preset"] = nil }, "not a model file: its metadata lack preset"),
        ({ _, m in m["preset"] = "huge" }, "its metadata have an impossible preset: huge"),
        ({ _, m in m["width"] = "0" }, "its metadata have an impossible width: 0"),
        ({ _, m in m["width"] = "nan" }, "its metadata have an impossible width: nan"),
        ({ _, m in m["width"] = "1e9" }, "its metadata have an impossible width: 1e9"),
        ({ _, m in m["features"] = "-4" }, "its metadata have an impossible features: -4"),
        ({ _, m in m["features"] = "5" }, "its metadata have an impossible features: 5"),
        ({ _, m in m["ablation"] = "some" }, "its metadata have an impossible ablation: some"),
        ({ _, m in m["affine"] = "true" }, "its metadata have an impossible affine: true"),
        ({ _, m in m["affine"] = "1" }, "its metadata have an impossible affine: 1"),
        ({ _, m in m["seed"] = "-1" }, "its metadata have an impossible seed: -1"),
        (
            { _, m in (m["width"], m["features"]) = ("1.0", "256") },
            "tensor conditioning.group0.conv0.weight has the shape [1, 1, 3, 3] where [64, 1, 3, 3] is needed"
        ),
    ]

    @Test(arguments: edits.indices) func brokenModelIsRefused(index: Int) throws {
        let (edit, message) = Self.edits[index]
        let path = try copy("model-tiny", edit)
        let error = #expect(throws: ModelError.self, "\(message)") { try Colorizer(file: ModelFile.open(path)) }
        #expect(error?.description == "\(path): \(message)")
    }

    @Test func otherFilesAreRefused() throws {
        let picture = directory.path + "/picture.png"
        try Data([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A, 0, 0, 0, 13]).write(
            to: URL(fileURLWithPath: picture))
        let error = #expect(throws: ModelError.self) { try ModelFile.open(picture) }
        #expect(error?.description.hasPrefix("\(picture): not a safetensors file") == true)
        let absent = #expect(throws: ModelError.self) { try ModelFile.open(directory.path + "/absent") }
        #expect(absent?.description == "\(directory.path)/absent: No such file or directory")
    }

    /// Writes a golden model again, changed.
    private func copy(
        _ name: String,
        _ edit: (inout [String: SafeTensors.Output.Content], inout [String: String]) -> Void
    ) throws -> String {
        let file = try SafeTensors(path: Golden.path(name))
        var tensors: [String: SafeTensors.Output.Content] = [:]
        for (name, entry) in file.entries {
            tensors[name] =
                switch entry.type {
                case .int32: .int32(try file.integers(name))
                case .float16: .float16(try file.tensor(name))
                case .float32, .bfloat16: .float32(try file.tensor(name))
                }
        }
        var metadata = file.metadata
        edit(&tensors, &metadata)
        let path = directory.path + "/copy.safetensors"
        let outputs = tensors.sorted { $0.key < $1.key }.map { SafeTensors.Output($0.key, $0.value) }
        try SafeTensors.write(outputs, metadata: metadata, to: path)
        return path
    }
}
