import Tensor

/// A picture of where the samples of one photograph disagree.
package struct UncertaintyMap: Sendable {
    /// The disagreement, in Lab units of chroma, that has the brightest colour; the same for all maps.
    package static let fullScale: Float = 30

    private let preview: Preview
    private var samples = 0
    /// Welford's running mean and sum of squares of a, then b, so that samples need not be kept.
    private var mean: [Float]
    private var squares: [Float]

    package init(_ preview: Preview) {
        self.preview = preview
        mean = [Float](repeating: 0, count: 2 * preview.width * preview.height)
        squares = mean
    }

    /// Takes one more sample into account.
    package mutating func add(_ field: ChromaField) {
        samples += 1
        let values = preview.chroma(field)
        for i in values.indices {
            let step = values[i] - mean[i]
            mean[i] += step / Float(samples)
            squares[i] += step * (values[i] - mean[i])
        }
    }

    /// Writes the gray photograph and, beside it, the map over a faint copy of it, above a bar of the scale.
    ///
    /// At each pixel the map shows the standard deviation of chroma among the samples, from black (they agree)
    /// through violet and orange to pale yellow (`fullScale` or more).
    /// - Returns: the mean standard deviation, in Lab units; near 0 when the samples hardly differ.
    /// - Throws: `ImagingError`.
    @discardableResult
    package func write(to path: String, disclosure: Disclosure) throws -> Double {
        let deviations = self.deviations
        let gray = preview.original
        let map = picture(deviations, over: gray)
        let gap = 12
        let barHeight = max(8, preview.height / 40)
        let isTall = preview.height > preview.width
        let width = isTall ? 2 * preview.width + 3 * gap : preview.width + 2 * gap
        let height = (isTall ? preview.height : 2 * preview.height + gap) + barHeight + 3 * gap
        var page = RGBImage(width: width, height: height, gray: 40)
        page.place(gray, x: gap, y: gap)
        page.place(map, x: isTall ? preview.width + 2 * gap : gap, y: isTall ? gap : preview.height + 2 * gap)
        page.place(Self.bar(width: width - 2 * gap, height: barHeight), x: gap, y: height - gap - barHeight)
        try page.write(to: path, options: OutputOptions(format: .png), disclosure: disclosure)
        return deviations.reduce(into: 0) { $0 += Double($1) } / Double(deviations.count)
    }

    /// The map alone, of the photograph's shape.
    package var picture: RGBImage { picture(deviations, over: preview.original) }

    private func picture(_ deviations: [Float], over gray: RGBImage) -> RGBImage {
        var map = RGBImage(width: preview.width, height: preview.height)
        for i in deviations.indices {
            let heat = Self.color(deviations[i] / Self.fullScale)
            for band in 0..<3 {
                let value = 0.75 * heat[band] + 0.25 * Float(gray.pixels[3 * i + band])
                map.pixels[3 * i + band] = UInt8(value.rounded())
            }
        }
        return map
    }

    /// Standard deviation of upsampled chroma among samples: √(var a + var b), row-major.
    private var deviations: [Float] {
        precondition(samples > 0, "uncertainty needs samples")
        let (count, weight) = (preview.width * preview.height, 1 / Float(samples))
        return (0..<count).map { ((squares[$0] + squares[count + $0]) * weight).squareRoot() }
    }

    private static func bar(width: Int, height: Int) -> RGBImage {
        var bar = RGBImage(width: width, height: height)
        for x in 0..<width {
            let heat = color(Float(x) / Float(max(1, width - 1)))
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

    private static func color(_ value: Float) -> SIMD3<Float> {
        let place = min(max(value, 0), 1) * Float(stops.count - 1)
        let low = min(Int(place), stops.count - 2)
        return stops[low] + (stops[low + 1] - stops[low]) * (place - Float(low))
    }
}
