import Tensor

/// Edge-aware upsampling of chroma, guided by lightness.
///
/// First a joint bilateral filter of the 64×64 planes takes the blotches from what is smooth. Then the guided filter of
/// He, Sun and Tang (2010) in its fast form (He and Sun 2015): its coefficients are found at 256×256 and applied at full
/// resolution. Around it, back-projection keeps the mean chroma of every cell, which neither bicubic interpolation nor
/// the filter does alone.
struct ChromaUpsampler: Sendable {
    /// Radius of the filter's window at 256×256: two cells and a half of 64×64, either way.
    private static let radius = 2
    /// Variance of L/100 below which lightness is taken for flat, so that grain makes no colour.
    private static let epsilon: Float = 0.01
    private static let side = ChromaField.side
    private static let cells = NetworkGeometry.chromaSide

    /// L/100, 256×256.
    let lightness: [Float]
    private let mean: [Float]
    private let variance: [Float]
    private let smoothing: JointBilateral

    /// - Parameter lightness: `[1, 1, 256, 256]`, L from 0 to 100.
    init(lightness: Tensor) {
        precondition(lightness.count == Self.side * Self.side, "guidance is 256×256, got \(lightness.shape)")
        let guide = lightness.values.map { $0 * 0.01 }
        let mean = Self.boxMean(guide)
        variance = Self.map(Self.boxMean(Self.map(guide, guide) { $0 * $1 }), mean) { max(0, $0 - $1 * $1) }
        smoothing = JointBilateral(lightness: Photograph.cellMeans(guide))
        self.lightness = guide
        self.mean = mean
    }

    /// The field of predicted chroma, smoothed.
    /// - Parameter chroma: `[1, 2, 64, 64]`, a and b.
    func field(chroma: Tensor) -> ChromaField {
        let coarse = Self.cells * Self.cells
        precondition(chroma.shape == NetworkGeometry.chromaShape, "chroma is [1, 2, 64, 64], got \(chroma.shape)")
        let values = chroma.values.map { $0.isFinite ? $0 : 0 }
        return field(cells: smoothing(Array(values[..<coarse])) + smoothing(Array(values[coarse...])))
    }

    /// The field whose mean over each cell is the given chroma.
    /// - Parameter cells: 64×64 of a, then of b.
    func field(cells: [Float]) -> ChromaField {
        let coarse = Self.cells * Self.cells
        precondition(cells.count == 2 * coarse, "chroma is two planes of 64×64, got \(cells.count) values")
        var planes: [Float] = []
        planes.reserveCapacity(4 * Self.side * Self.side)
        for channel in 0..<2 {
            let (slope, offset) = coefficients(Array(cells[channel * coarse..<(channel + 1) * coarse]))
            planes += slope
            planes += offset
        }
        return ChromaField(planes: planes)
    }

    /// Slope and offset of one channel.
    private func coefficients(_ target: [Float]) -> (slope: [Float], offset: [Float]) {
        var smooth = Bicubic.enlarge(target)
        Self.add(Self.missing(from: smooth, target), to: &smooth)

        let average = Self.boxMean(smooth)
        let product = Self.boxMean(Self.map(lightness, smooth) { $0 * $1 })
        let covariance = Self.map(product, Self.map(mean, average) { $0 * $1 }) { $0 - $1 }
        let slope = Self.map(covariance, variance) { $0 / ($1 + Self.epsilon) }
        let offset = Self.map(average, Self.map(slope, mean) { $0 * $1 }) { $0 - $1 }
        let smoothSlope = Self.boxMean(slope)
        var smoothOffset = Self.boxMean(offset)

        let leaning = Self.map(smoothSlope, lightness) { $0 * $1 }
        for _ in 0..<2 {
            Self.add(Self.missing(from: Self.map(smoothOffset, leaning) { $0 + $1 }, target), to: &smoothOffset)
        }
        return (smoothSlope, smoothOffset)
    }

    /// The correction that brings a plane's cell means nearer to the target.
    private static func missing(from plane: [Float], _ target: [Float]) -> [Float] {
        Bicubic.enlarge(map(target, Photograph.cellMeans(plane)) { $0 - $1 })
    }

    private static func add(_ plane: [Float], to sum: inout [Float]) { sum = map(sum, plane) { $0 + $1 } }

    /// Element by element; unlike `zip` and `map`, several at a time.
    @inline(__always)
    private static func map(_ a: [Float], _ b: [Float], _ body: (Float, Float) -> Float) -> [Float] {
        a.withUnsafeBufferPointer { a in
            b.withUnsafeBufferPointer { b in
                [Float](written: a.count) { result in
                    for i in a.indices { result[i] = body(a[i], b[i]) }
                }
            }
        }
    }

    /// Mean over the window, cut at the borders.
    private static func boxMean(_ plane: [Float]) -> [Float] {
        let weights = Self.weights
        let rows = plane.withUnsafeBufferPointer { plane in
            [Float](written: plane.count) { rows in
                for y in 0..<side {
                    let (source, target) = (plane.baseAddress! + y * side, rows.baseAddress! + y * side)
                    for offset in -radius...radius {
                        let neighbor = source + offset
                        for x in max(0, -offset)..<min(side, side - offset) { target[x] += neighbor[x] }
                    }
                    for x in 0..<side { target[x] *= weights[x] }
                }
            }
        }
        return rows.withUnsafeBufferPointer { rows in
            [Float](written: plane.count) { result in
                for y in 0..<side {
                    let target = result.baseAddress! + y * side
                    let weight = weights[y]
                    for i in max(0, y - radius)...min(side - 1, y + radius) {
                        let source = rows.baseAddress! + i * side
                        for x in 0..<side { target[x] += weight * source[x] }
                    }
                }
            }
        }
    }

    /// The weight of each pixel in the window around one, along an axis.
    private static let weights = (0..<side).map { 1 / Float(min(side - 1, $0 + radius) - max(0, $0 - radius) + 1) }
}

/// Cubic convolution of Keys (1981), a = −1/2, from 64×64 to 256×256, which is smoother than `Resampler`.
private enum Bicubic {
    private static let source = NetworkGeometry.chromaSide
    private static let target = ChromaField.side
    private static let factor = Photograph.cellSide
    /// Values beyond the borders, which repeat the outermost.
    private static let margin = 2

    /// For each place of an output in its cell: the first of four inputs, counted from the cell, and their weights.
    private static let taps: [(first: Int, weights: SIMD4<Float>)] = (0..<factor).map { i in
        let place = (Double(i) + 0.5) / Double(factor) - 0.5
        let low = place.rounded(.down)
        let t = Float(place - low)
        let weights = SIMD4<Float>(
            ((-0.5 * t + 1) * t - 0.5) * t, (1.5 * t - 2.5) * t * t + 1, ((-1.5 * t + 2) * t + 0.5) * t,
            (0.5 * t - 0.5) * t * t)
        return (Int(low) - 1, weights)
    }

    static func enlarge(_ plane: [Float]) -> [Float] {
        func clamp(_ i: Int) -> Int { min(max(i, 0), source - 1) }
        let wide = [Float](written: source * target) { wide in
            var padded = [Float](repeating: 0, count: source + 2 * margin)
            for y in 0..<source {
                for i in padded.indices { padded[i] = plane[y * source + clamp(i - margin)] }
                padded.withUnsafeBufferPointer { padded in
                    for (phase, tap) in taps.enumerated() {
                        let (inputs, outputs) = (
                            padded.baseAddress! + margin + tap.first, wide.baseAddress! + y * target + phase
                        )
                        for x in 0..<source {
                            var sum: Float = 0
                            for k in 0..<4 { sum += tap.weights[k] * inputs[x &+ k] }
                            outputs[factor &* x] = sum
                        }
                    }
                }
            }
        }
        return wide.withUnsafeBufferPointer { wide in
            [Float](written: target * target) { result in
                for y in 0..<target {
                    let (cell, phase) = y.quotientAndRemainder(dividingBy: factor)
                    let output = result.baseAddress! + y * target
                    for k in 0..<4 {
                        let row = wide.baseAddress! + clamp(cell + taps[phase].first + k) * target
                        let weight = taps[phase].weights[k]
                        for x in 0..<target { output[x] += weight * row[x] }
                    }
                }
            }
        }
    }
}

extension [Float] {
    /// Zeros that `body` writes over.
    fileprivate init(written count: Int, _ body: (UnsafeMutableBufferPointer<Float>) -> Void) {
        self.init(unsafeUninitializedCapacity: count) { buffer, initialized in
            buffer.initialize(repeating: 0)
            body(buffer)
            initialized = count
        }
    }
}
