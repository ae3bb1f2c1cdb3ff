/// A colouring network's architecture, as a model file's metadata describe it.
package struct ModelConfiguration: Sendable, Equatable {
    /// Which conditioning network and which fixed mixing the network is built with.
    package enum Preset: String, Sendable, CaseIterable {
        /// The supplement's network.
        case paper
        /// EfficientNet-Lite2 and a feature pyramid.
        case compact
    }

    /// How the flow and the conditioning network relate, after the supplement's section 3.
    package enum Ablation: String, Sendable, CaseIterable {
        /// No conditioning network: the gray image itself conditions.
        case none
        /// A conditioning network trained before, then frozen.
        case fixed
        /// Both trained together.
        case joint
    }

    /// Which conditioning network.
    package let preset: Preset
    /// Multiplier of every inner channel count.
    package let width: Double
    /// Channels of the conditioning features.
    package let features: Int
    /// How the conditioning network was trained, or that there is none.
    package let ablation: Ablation
    /// Whether the flow's outermost layer subtracts the conditioning network's own guess.
    package let affine: Bool
    /// Seed of the fixed rotations and permutations.
    package let seed: UInt64

    /// The supplement's network, or one with every inner channel count scaled.
    package static func paper(width: Double = 1, ablation: Ablation = .joint, seed: UInt64 = 1) -> Self {
        let features = ablation == .none ? 1 : scaled(256, by: width)
        return Self(preset: .paper, width: width, features: features, ablation: ablation, affine: false, seed: seed)
    }

    /// The width of the network that ships.
    package static let compactWidth = 0.5

    /// The small network that ships.
    package static func compact(
        width: Double = compactWidth, features: Int = 96, ablation: Ablation = .joint, affine: Bool = true,
        seed: UInt64 = 1
    ) -> Self {
        Self(
            preset: .compact, width: width, features: ablation == .none ? 1 : features, ablation: ablation,
            affine: affine, seed: seed)
    }

    /// A channel count of the supplement at this width, at least one.
    package func scaled(_ channels: Int) -> Int { Self.scaled(channels, by: width) }

    /// The same network with another ablation.
    package func with(_ ablation: Ablation) -> Self {
        Self(preset: preset, width: width, features: features, ablation: ablation, affine: affine, seed: seed)
    }

    private static func scaled(_ channels: Int, by width: Double) -> Int {
        // Ties go to the even number, as in Python, which writes the model files.
        max(1, Int((Double(channels) * width).rounded(.toNearestOrEven)))
    }
}

extension ModelConfiguration {
    /// Reads a model file's metadata.
    init(metadata: MetadataReader) throws(ModelError) {
        preset = try metadata.value("preset", Preset.init(rawValue:))
        width = try metadata.value("width") { Double($0).flatMap { $0 > 0 && $0 <= 4 ? $0 : nil } }
        features = try metadata.value("features") { Int($0).flatMap { (1...4096).contains($0) ? $0 : nil } }
        ablation = try metadata.value("ablation", Ablation.init(rawValue:))
        affine = try metadata.value("affine") { Bool($0) }
        seed = try metadata.value("seed") { UInt64($0) }
        let implied =
            switch (preset, ablation) {
            case (_, .none): 1
            case (.paper, _): scaled(256)
            case (.compact, _): features
            }
        guard features == implied else { throw metadata.bad("features", "\(features)") }
        guard !(affine && preset == .paper) else { throw metadata.bad("affine", "true") }
    }

    /// The same as a model file's metadata.
    package var metadata: [String: String] {
        [
            "architecture": "colorization", "preset": preset.rawValue, "width": "\(width)", "features": "\(features)",
            "ablation": ablation.rawValue, "affine": "\(affine)", "seed": "\(seed)",
        ]
    }
}
