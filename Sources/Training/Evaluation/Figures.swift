/// The figures of merit of one image, as the paper's authors compute them on RGB in [0, 1] at 256×256.
package struct Figures: Sendable, Equatable {
    /// 100·√(mean of the least squared error among the samples), chosen for every value apart.
    package var bestOfN = 0.0
    /// 100·RMSE of one sample: the mean over the samples, which any one of them estimates.
    package var of1 = 0.0
    /// 100·RMSE of the sample at z = 0.
    package var mode = 0.0
    /// How colourful the sample at z = 0 looks, and the truth.
    package var modeColorful = 0.0
    package var trueColorful = 0.0
    /// 100·RMSE of the mean of the samples.
    package var mean = 0.0
    /// 100·RMSE of leaving the image gray.
    package var gray = 0.0
    /// 100·RMSE of one constant colour, the mean of the training data.
    package var constant = 0.0
    /// 100·RMSE of the conditioning network's own chroma, where it has one.
    package var regression: Double?
    /// 10⁴·mean of the variance over the samples.
    package var variance = 0.0
    /// Mean perceptual distance between two of the samples, in Lab units.
    package var spread = 0.0
    /// Share of the samples whose mean chroma is more than 20 Lab units from the mode's.
    package var tinted = 0.0
    /// Negative log-likelihood in nats per dimension, chroma with noise of 0.05.
    package var nllPerDim = 0.0
    /// The same in bits.
    package var bitsPerDim = 0.0

    /// Name and value of each figure, in the order they are shown.
    package var named: [(name: String, value: Double)] {
        var all = [
            ("best_of_n", bestOfN), ("of_1", of1), ("mode", mode), ("mean", mean), ("gray", gray),
            ("constant", constant), ("mode_colorful", modeColorful), ("true_colorful", trueColorful),
            ("variance", variance), ("spread", spread), ("tinted", tinted),
            ("nll_per_dim", nllPerDim), ("bits_per_dim", bitsPerDim),
        ]
        if let regression { all.append(("regression", regression)) }
        return all
    }

    /// 100·RMSE between two images.
    package static func error(_ a: [Float], _ b: [Float]) -> Double {
        100 * (zip(a, b).reduce(0.0) { $0 + square(Double($1.0) - Double($1.1)) } / Double(a.count)).squareRoot()
    }

    /// How colourful an image [3, P] in [0, 1] looks, 0 for gray: M3 of Hasler and Süsstrunk 2003.
    package static func colorfulness(_ image: [Float]) -> Double {
        let count = image.count / 3
        var (sums, squares) = (SIMD2<Double>.zero, SIMD2<Double>.zero)
        for i in 0..<count {
            let (red, green, blue) = (
                255 * Double(image[i]), 255 * Double(image[count + i]), 255 * Double(image[2 * count + i])
            )
            let opponents = SIMD2(red - green, (red + green) / 2 - blue)
            sums += opponents
            squares += opponents * opponents
        }
        let mean = sums / Double(count)
        let variance = squares / Double(count) - mean * mean
        return max(0, variance.sum()).squareRoot() + 0.3 * (mean * mean).sum().squareRoot()
    }

    /// Fills in the figures that compare samples with the truth.
    package mutating func compare(samples: [[Float]], truth: [Float]) {
        var best = 0.0
        var spread = 0.0
        var ofMean = 0.0
        let n = Double(samples.count)
        for i in truth.indices {
            let target = Double(truth[i])
            var least = Double.infinity
            var sum = 0.0
            var squares = 0.0
            for sample in samples {
                let value = Double(sample[i])
                least = min(least, Self.square(value - target))
                sum += value
                squares += value * value
            }
            let average = sum / n
            best += least
            spread += max(0, squares / n - average * average)
            ofMean += Self.square(average - target)
        }
        let count = Double(truth.count)
        bestOfN = 100 * (best / count).squareRoot()
        variance = 10_000 * spread / count
        mean = 100 * (ofMean / count).squareRoot()
        of1 = samples.reduce(0) { $0 + Self.error($1, truth) } / n
    }

    private static func square(_ x: Double) -> Double { x * x }
}
