import Flow
import Foundation
import Imaging
import Kernels
import Tensor

/// Times the stages of a colouring on synthetic input.
package struct StageBenchmark: Sendable {
    /// Median seconds of each stage.
    package struct Seconds: Sendable, Codable, Equatable {
        /// Decoding the photograph.
        package var decode = 0.0
        /// Features of the conditioning network.
        package var features = 0.0
        /// All heads and the conditional parts of the coefficient functions.
        package var heads = 0.0
        /// Features and all heads: everything that depends on the image alone.
        package var conditioning = 0.0
        /// Drawing the latent vectors.
        package var latents = 0.0
        /// The inverse for all samples, and what is shown of them.
        package var sampling = 0.0
        /// The same for each sample.
        package var sample = 0.0
        /// Upsampling one variant's chroma and painting it, on one thread.
        package var upsampling = 0.0
        /// Encoding one variant as JPEG.
        package var encoding = 0.0
        /// Conditioning and sampling.
        package var total = 0.0
    }

    /// The figures of a run.
    package struct Report: Sendable {
        package var seconds = Seconds()
        /// Operations of conditioning and sampling a second, as the direct method counts them, in units of 10⁹.
        package var directGigaflops = (conditioning: 0.0, sampling: 0.0)
        /// Pixels of the photograph that is decoded, upsampled and encoded.
        package var pixels = 0
    }

    private static let photographSize = (width: 2048, height: 1536)

    private let network: Colorizer
    private let samples: Int
    private let execution: Execution

    package init(network: Colorizer, samples: Int, execution: Execution) {
        self.network = network
        self.samples = samples
        self.execution = execution
    }

    /// Medians over rounds of all stages, after one round that is not counted.
    /// - Throws: `ImagingError` where the temporary directory cannot be written.
    package func run(rounds: Int) throws -> Report {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("autochrome-bench-\(getpid())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let file = folder.appendingPathComponent("photograph.jpg").path
        try Self.writePhotograph(width: Self.photographSize.width, height: Self.photographSize.height, to: file)

        var work = (conditioning: 0, sampling: 0)
        var all: [Seconds] = []
        for round in 0...rounds {
            var seconds = Seconds()
            let photograph = try Stopwatch.add(to: &seconds.decode) { try Photograph.open(path: file) }
            work = computeNetwork(photograph, &seconds)
            try paint(photograph, folder.appendingPathComponent("01.jpg").path, &seconds)
            if round > 0 { all.append(seconds) }
        }
        var report = Report()
        for stage in Self.stages { report.seconds[keyPath: stage] = Self.median(all.map { $0[keyPath: stage] }) }
        report.directGigaflops = (
            Double(work.conditioning) / report.seconds.conditioning / 1e9,
            Double(work.sampling) / report.seconds.sampling / 1e9
        )
        report.pixels = Self.photographSize.width * Self.photographSize.height
        return report
    }

    /// Times the network; returns the operations of its parts.
    private func computeNetwork(
        _ photograph: Photograph, _ seconds: inout Seconds
    ) -> (conditioning: Int, sampling: Int) {
        let z = Stopwatch.add(to: &seconds.latents) {
            Tensor(
                [samples, NetworkGeometry.latentCount],
                (0..<samples).flatMap { Draw.sample(seed: 1, index: $0).latent(content: "bench") })
        }
        let lightness = Normalization.normalized(lightness: photograph.networkLightness())
        var counted = (conditioning: execution, sampling: execution)
        let counters = (conditioning: OperationCounter(), sampling: OperationCounter())
        counted.conditioning.counter = counters.conditioning
        counted.sampling.counter = counters.sampling
        let features = Stopwatch.add(to: &seconds.features) {
            network.features(lightness: lightness, counted.conditioning)
        }
        let conditions = Stopwatch.add(to: &seconds.heads) {
            network.conditions(features: features, counted.conditioning)
        }
        seconds.conditioning = seconds.features + seconds.heads
        Stopwatch.add(to: &seconds.sampling) {
            let chroma = network.inverse(z: z, conditions, counted.sampling).chroma
            _ = network.regularized(chroma, conditions, counted.sampling)
        }
        seconds.sample = seconds.sampling / Double(samples)
        seconds.total = seconds.conditioning + seconds.sampling
        return (counters.conditioning.operations, counters.sampling.operations)
    }

    /// Times one variant's way from chroma to a file.
    private func paint(_ photograph: Photograph, _ file: String, _ seconds: inout Seconds) throws {
        let renderer = Renderer(photograph)
        let preview = renderer.preview(longSide: max(photograph.width, photograph.height))
        let painted = Stopwatch.add(to: &seconds.upsampling) { preview.colored(renderer.field(chroma: Self.chroma)) }
        try Stopwatch.add(to: &seconds.encoding) {
            try painted.write(to: file, options: OutputOptions(format: .jpeg), disclosure: Self.disclosure)
        }
    }

    private static let disclosure = Disclosure(version: "", model: "bench", modelHash: "", seed: 1)

    /// Not the network's: random weights paint beyond every gamut, which takes longer than a picture does.
    private static let chroma: Tensor = {
        var stream = RandomStream(high: 1, low: 2)
        return Tensor(NetworkGeometry.chromaShape, stream.normals(NetworkGeometry.latentCount).map { 8 * $0 })
    }()

    private static var stages: [WritableKeyPath<Seconds, Double>] {
        [
            \.decode, \.features, \.heads, \.conditioning, \.latents, \.sampling, \.sample, \.upsampling, \.encoding,
            \.total,
        ]
    }

    /// Writes a JPEG of waves and grain, another one for each seed.
    package static func writePhotograph(width: Int, height: Int, seed: UInt64 = 1, to path: String) throws {
        try photograph(width: width, height: height, seed: seed)
            .write(to: path, options: OutputOptions(format: .jpeg), disclosure: disclosure)
    }

    private static func photograph(width: Int, height: Int, seed: UInt64) -> RGBImage {
        var image = RGBImage(width: width, height: height)
        var stream = RandomStream(high: 1, low: seed)
        let grain = stream.normals(image.width)
        for y in 0..<image.height {
            for x in 0..<image.width {
                let wave = 60 * sin(Float(x) / 90) * cos(Float(y) / 70)
                let value = UInt8(128 + wave + 4 * max(-3, min(3, grain[(x &+ 577 &* y) % image.width])))
                for band in 0..<3 { image.pixels[3 * (y * image.width + x) + band] = value }
            }
        }
        return image
    }

    private static func median(_ values: [Double]) -> Double {
        let sorted = values.sorted()
        let middle = sorted.count / 2
        return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
    }
}
