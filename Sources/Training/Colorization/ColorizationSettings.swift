import Flow

/// How a colouring network is trained.
package struct ColorizationSettings: Sendable, Codable, Equatable {
    /// Steps in all.
    package var steps = 2000
    /// How many of them, the first ones, train the conditioning network alone to predict chroma.
    package var pretraining = 0
    /// Photographs of a step.
    package var batch = 16
    /// Learning rate at the beginning; it falls on plateaus.
    package var rate = 1.6e-4
    /// Selects crops, order and noise, and what is held out.
    package var seed: UInt64 = 1
    /// Standard deviation of the noise on normalised chroma.
    package var noise = 0.05
    /// Smallest crop, as a share of the photograph's sides.
    package var smallestCrop = 0.8
    /// Largest norm of the gradient.
    package var clip = 2.0
    /// Decay of the moving average of the weights, which is what is saved.
    package var averaging = 0.998
    /// Whether batch norm keeps the statistics that the network came with, so that training goes on from where it
    /// was: batches of few photographs would move them at random.
    package var keepsStatistics = false
    /// Minutes between saves.
    package var saveInterval = 10.0

    package init() {}

    /// Checks that every setting is usable for a network.
    /// - Throws: `TrainingError.setting` with the first one that is not.
    package func validate(for network: ModelConfiguration) throws(TrainingError) {
        func require(_ condition: Bool, _ name: String, _ reason: String) throws(TrainingError) {
            if !condition { throw .setting(name: name, reason: reason) }
        }
        try require(steps >= 1, "steps", "must be at least 1")
        try require((0...steps).contains(pretraining), "pretraining", "must be from 0 to all steps")
        try require(
            pretraining == 0 || network.ablation != .none, "pretraining",
            "needs a conditioning network, and there is none")
        try require((2...1024).contains(batch), "batch", "must be from 2 to 1024, as batch norm compares photographs")
        try require(rate > 0 && rate < 1, "rate", "must be between 0 and 1")
        try require((0...1).contains(noise), "noise", "must be from 0 to 1")
        try require(smallestCrop > 0 && smallestCrop <= 1, "crop", "must be more than 0 and at most 1")
        try require(clip > 0, "clip", "must be more than 0")
        try require((0..<1).contains(averaging), "averaging", "must be at least 0 and less than 1")
        try require(saveInterval > 0, "save interval", "must be more than 0")
    }
}
