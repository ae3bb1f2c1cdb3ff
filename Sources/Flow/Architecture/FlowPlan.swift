/// The supplement's table of levels, at width 1.
package enum FlowPlan {
    /// One of the levels 1 to 4, whose samples are images.
    package struct Level: Sendable {
        /// Channels before the reshape.
        package let channels: Int
        /// Height and width before the reshape.
        package let size: Int
        /// Conditional blocks.
        package let blocks: Int
        /// Width of the conditional coefficient functions.
        package let hidden: Int
        /// Width of the unconditional coefficient functions.
        package let free: Int
        /// Channels that leave for the latent after the reshape, the last ones.
        package let split: Int
        /// Output channels and stride of the head's convolutions.
        package let head: [(channels: Int, stride: Int)]
    }

    package static let levels = [
        Level(channels: 2, size: 64, blocks: 4, hidden: 32, free: 64, split: 0, head: [(32, 1)]),
        Level(channels: 8, size: 32, blocks: 6, hidden: 64, free: 128, split: 16, head: [(128, 2), (64, 1)]),
        Level(
            channels: 16, size: 16, blocks: 6, hidden: 128, free: 256, split: 32,
            head: [(128, 2), (128, 2), (128, 1)]),
        Level(
            channels: 32, size: 8, blocks: 6, hidden: 256, free: 256, split: 96,
            head: [(128, 2), (128, 2), (256, 2), (256, 1)]),
    ]

    /// Values, blocks and width of level 5, whose samples are vectors, and its one head.
    package static let dense = (values: 512, blocks: 8, hidden: 512)
    package static let denseHead: [(channels: Int, stride: Int)] = [(128, 2), (256, 2), (256, 2), (512, 2)]

    /// α of the soft clamp for colour, and for digits.
    package static let colorClamp: Float = 1.5
    package static let digitClamp: Float = 1
    /// Slope of the LeakyReLU in the conditional coefficient functions of the levels 1 to 4.
    package static let conditionalSlope: Float = 0.05
    /// Slope of every other LeakyReLU: in unconditional coefficient functions, heads and regression.
    package static let slope: Float = 0.01
    /// Unconditional blocks of each of the levels 1 to 4.
    package static let freeBlocks = 2
}
