import Tensor

/// A picture of where the samples of one photograph disagree.
package enum UncertaintyMap {
    /// The disagreement, in Lab units of chroma, that has the brightest colour; the same for all maps.
    package static let fullScale: Float = 30

    /// Writes the gray photograph and, beside it, the map over a faint copy of it, above a bar of the scale.
    ///
    /// At each pixel the map shows the standard deviation of chroma among the samples, from black (they agree)
    /// through violet and orange to pale yellow (`fullScale` or more).
    /// - Parameter chromas: each `[1, 2, 64, 64]`, a and b in Lab units.
    /// - Returns: the mean standard deviation, in Lab units; near 0 when the samples hardly differ.
    /// - Throws: `ImagingError`.
    @discardableResult
    package static func write(chromas: [Tensor], preview: Preview, to path: String, disclosure: Disclosure) throws
        -> Double
    {
        let deviations = deviation(chromas: chromas, preview: preview)
        let gray = preview.original
        var map = RGBImage(width: preview.width, height: preview.height)
        for i in deviations.indices {
            let heat = colour(deviations[i] / fullScale)
            for band in 0..<3 {
                let value = 0.75 * heat[band] + 0.25 * Float(gray.pixels[3 * i + band])
                map.pixels[3 * i + band] = UInt8(value.rounded())
            }
        }
        let gap = 12
        let barHeight = max(8, preview.height / 40)
        let isTall = preview.height > preview.width
        let width = isTall ? 2 * preview.width + 3 * gap : preview.width + 2 * gap
        let height = (isTall ? preview.height : 2 * preview.height + gap) + barHeight + 3 * gap
        var page = RGBImage(width: width, height: height, gray: 40)
        page.place(gray, x: gap, y: gap)
        page.place(map, x: isTall ? preview.width + 2 * gap : gap, y: isTall ? gap : preview.height + 2 * gap)
        page.place(bar(width: width - 2 * gap, height: barHeight), x: gap, y: height - gap - barHeight)
        try page.write(to: path, options: OutputOptions(format: .png), disclosure: disclosure)
        return deviations.reduce(into: 0) { $0 += Double($1) } / Double(deviations.count)
    }

    /// Standard deviation of upsampled chroma among samples: √(var a + var b), row-major.
    static func deviation(chromas: [Tensor], preview: Preview) -> [Float] {
        precondition(!chromas.isEmpty, "uncertainty needs samples")
        let count = preview.width * preview.height
        // Welford's running mean and sum of squares, so that samples need not be kept.
        var mean = [Float](repeating: 0, count: 2 * count)
        var squares = mean
        for (n, chroma) in chromas.enumerated() {
            let values = preview.chroma(chroma)
            for i in values.indices {
                let step = values[i] - mean[i]
                mean[i] += step / Float(n + 1)
                squares[i] += step * (values[i] - mean[i])
            }
        }
        let weight = 1 / Float(chromas.count)
        return (0..<count).map { ((squares[$0] + squares[count + $0]) * weight).squareRoot() }
    }

    private static func bar(width: Int, height: Int) -> RGBImage {
        var bar = RGBImage(width: width, height: height)
        for x in 0..<width {
            let heat = colour(Float(x) / Float(max(1, width - 1)))
            for y in 0..<height {
                for band in 0..<3 { bar.pixels[3 * (y * width + x) + band] = UInt8(heat[band].rounded()) }
            }
        }
        return bar
    }

    /// Seven stops of the colour map "inferno" (CC0), 0…255.
    private static let stops: [SIMD3<Float>] = [
        [0, 0, 4], [51, 10, 95], [120, 28, 109], [187, 55, 84], [237, 105, 37], [252, 180, 24], [252, 255, 164],
    ]

    private static func colour(_ value: Float) -> SIMD3<Float> {
        let place = min(max(value, 0), 1) * Float(stops.count - 1)
        let low = min(Int(place), stops.count - 2)
        return stops[low] + (stops[low + 1] - stops[low]) * (place - Float(low))
    }
}
