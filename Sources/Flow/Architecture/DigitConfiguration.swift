/// The architecture of a network for handwritten digits, as a model file's metadata describe it.
package struct DigitConfiguration: Sendable, Equatable {
    /// Seed of the fixed permutations.
    package let seed: UInt64
    /// Coupling blocks, 24 in the supplement.
    package let blocks: Int
    /// Width of the coefficient functions, 512 in the supplement.
    package let hidden: Int

    /// The supplement's network, or a smaller one.
    package init(seed: UInt64 = 1, blocks: Int = 24, hidden: Int = 512) {
        precondition(blocks > 0 && hidden > 0, "a digit network of \(blocks) blocks, \(hidden) wide")
        self.seed = seed
        self.blocks = blocks
        self.hidden = hidden
    }

    /// Reads a model file's metadata.
    init(metadata: MetadataReader) throws(ModelError) {
        seed = try metadata.value("seed") { UInt64($0) }
        blocks = try metadata.value("blocks") { Int($0).flatMap { (1...1024).contains($0) ? $0 : nil } }
        hidden = try metadata.value("hidden") { Int($0).flatMap { (1...65536).contains($0) ? $0 : nil } }
    }

    /// The same as a model file's metadata.
    package var metadata: [String: String] {
        ["architecture": "mnist", "seed": "\(seed)", "blocks": "\(blocks)", "hidden": "\(hidden)"]
    }
}
