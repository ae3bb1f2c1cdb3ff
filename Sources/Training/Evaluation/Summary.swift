import Tensor

/// Means of figures over images, with bootstrap errors.
package struct Summary: Sendable, Equatable {
    package struct Value: Sendable, Equatable, Codable {
        package var mean: Double
        /// Standard deviation of the mean under resampling of the images.
        package var error: Double
    }

    package var images: Int
    package var samples: Int
    package var values: [(name: String, value: Value)]

    /// Summarises the figures of at least one image.
    package init(_ figures: [Figures], samples: Int) {
        precondition(!figures.isEmpty, "nothing to summarise")
        images = figures.count
        self.samples = samples
        let rows = figures.map(\.named)
        values = rows[0].indices.map { column in
            (rows[0][column].name, Self.bootstrap(rows.map { $0[column].value }))
        }
    }

    package static func == (a: Summary, b: Summary) -> Bool {
        a.images == b.images && a.samples == b.samples && a.values.map(\.name) == b.values.map(\.name)
            && a.values.map(\.value) == b.values.map(\.value)
    }

    /// Mean, and its standard deviation over a thousand resamplings from a fixed seed.
    static func bootstrap(_ values: [Double], rounds: Int = 1000) -> Value {
        let mean = values.reduce(0, +) / Double(values.count)
        var stream = RandomStream(high: 0, low: 6)
        var squares = 0.0
        for _ in 0..<rounds {
            var sum = 0.0
            for _ in values { sum += values[Int.random(in: 0..<values.count, using: &stream)] }
            let difference = sum / Double(values.count) - mean
            squares += difference * difference
        }
        return Value(mean: mean, error: (squares / Double(rounds)).squareRoot())
    }
}
