import Kernels
import Tensor
import Testing

@testable import Flow

/// Agreement with the network in PyTorch, of which `Reference/golden.py` recorded the outputs.
@Suite struct GoldenTests {
    private static let execution = Execution(threads: 2)

    @Test(arguments: [
        ("paper-small", ModelConfiguration.paper(width: 0.0625, seed: 11)),
        ("compact", .compact(seed: 13)),
        ("none", .paper(width: 0.0625, ablation: .none, seed: 14)),
        ("compact-none", .compact(width: 0.0625, ablation: .none, seed: 15)),
    ])
    func colorizer(name: String, configuration: ModelConfiguration) throws {
        try compare(Colorizer(random: configuration), with: Golden(name))
    }

    @Test func paperAtFullWidth() throws {
        try compare(FullWidth.colorizer, with: Golden("paper"))
    }

    @Test func digits() throws {
        let golden = try Golden("mnist")
        let configuration = try DigitConfiguration(
            metadata: MetadataReader(path: golden.file.path, values: golden.file.metadata))
        #expect(configuration == DigitConfiguration(seed: 16))
        let generator = DigitGenerator(random: configuration)
        let weights = RandomWeights(seed: 16)
        let digits = [0, 3, 6, 9]
        let pixels = weights.input("digits", [4, 784], scale: 1.7)
        let (z, logDeterminant) = generator.forward(pixels: pixels, digits: digits, Self.execution)
        try golden.expect("z", z)
        try golden.expect("log_det", logDeterminant)
        let latent = weights.input("latent", [4, 784], scale: 1.7)
        try golden.expect("inverse", generator.inverse(z: latent, digits: digits, Self.execution).pixels)
    }

    private func compare(_ colorizer: Colorizer, with golden: Golden) throws {
        let metadata = MetadataReader(path: golden.file.path, values: golden.file.metadata)
        #expect(try ModelConfiguration(metadata: metadata) == colorizer.configuration)
        #expect(try metadata.value("parameters") { Int($0) } == colorizer.parameterCount)
        let images = try metadata.value("images") { Int($0) }
        let weights = RandomWeights(seed: colorizer.configuration.seed)

        let lightness = weights.input("lightness", [images, 1, 256, 256], scale: 1.7)
        let features = colorizer.features(lightness: lightness, Self.execution)
        try golden.expect("features", features)
        let heads = colorizer.heads(features, Self.execution)
        for (l, level) in heads.images.enumerated() {
            for (b, head) in level.enumerated() { try golden.expect("level\(l + 1).\(b)", head) }
        }
        try golden.expect("level5", heads.vector)

        let conditions = colorizer.conditions(features: features, Self.execution)
        if let affine = conditions.affine {
            try golden.expect("mean", affine.mean)
            try golden.expect("scale", affine.scale)
        }
        #expect((conditions.affine != nil) == colorizer.configuration.affine)
        let chroma = weights.input("chroma", [images, 2, 64, 64], scale: 1.7)
        let shown = colorizer.regularized(chroma, conditions, Self.execution)
        if conditions.affine != nil {
            try golden.expect("shown", shown)
        } else {
            #expect(shown.values == chroma.values)
        }
        let (z, logDeterminant) = colorizer.forward(chroma: chroma, conditions, Self.execution)
        try golden.expect("z", z)
        try golden.expect("log_det", logDeterminant)
        try golden.expect("nll", negativeLogLikelihood(z, logDeterminant))
        let latent = weights.input("latent", [images, 8192], scale: 1.7)
        try golden.expect("inverse", colorizer.inverse(z: latent, conditions, Self.execution).chroma)
    }
}

/// The supplement's network at width 1.0, built once for all tests, and conditions of one image.
enum FullWidth {
    static let colorizer = Colorizer(random: .paper(seed: 12))
    static let conditions: Conditions = {
        let lightness = RandomWeights(seed: 12).input("lightness", [1, 1, 256, 256], scale: 1.7)
        return colorizer.conditions(lightness: lightness, Execution(threads: 2))
    }()
}
