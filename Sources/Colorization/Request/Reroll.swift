/// The draws of a result of which some stayed while others were drawn anew.
package struct Reroll: Sendable, Equatable {
    /// Seed of what was drawn anew.
    package var seed: UInt64
    /// The draws that stay, by the variant's number from 0.
    package var kept: [Int: Draw]

    package init(seed: UInt64, kept: [Int: Draw]) {
        self.seed = seed
        self.kept = kept
    }

    /// All variants show given draws, in the variants' order.
    package init(seed: UInt64, showing draws: [Draw]) {
        self.init(seed: seed, kept: Dictionary(uniqueKeysWithValues: draws.enumerated().map { ($0, $1) }))
    }
}
