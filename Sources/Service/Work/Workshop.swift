import Colorization
import Digest
import Foundation
import Imaging
import Kernels

/// Turns an open photograph into a result directory: what the daemon, `colorize` and `reprocess` share.
package struct Workshop: Sendable {
    /// A photograph to be coloured, open and hashed.
    package struct Order: Sendable {
        package var descriptor: Int32
        /// The file's name, fit for messages and metadata.
        package var name: String
        /// Its absolute path, in the same form.
        package var path: String
        package var content: ContentHash
        package var bytes: Int
        package var modified: Date

        package init(
            descriptor: Int32, name: String, path: String, content: ContentHash, bytes: Int, modified: Date
        ) {
            self.descriptor = descriptor
            self.name = name
            self.path = path
            self.content = content
            self.bytes = bytes
            self.modified = modified
        }
    }

    package let model: LoadedModel
    private let budget: MemoryBudget
    private let limits: DecodeLimits
    private let decoder: SandboxedDecoder
    private let writer: ResultWriter

    package init(
        model: LoadedModel, configuration: Configuration, decoder: SandboxedDecoder, transfer: LatentTransfer? = nil
    ) {
        self.model = model
        self.decoder = decoder
        budget = MemoryBudget(megapixels: configuration.memoryMegapixels)
        limits = configuration.decodeLimits
        writer = ResultWriter(
            colorizer: model.colorizer, model: model.metadata, program: ("Autochrome", Program.version),
            transfer: transfer, execution: Execution(threads: configuration.threadsPerWorker))
    }

    /// Decodes, colours and writes the pictures of a result into an empty directory, and returns its metadata.
    ///
    /// - Parameters:
    ///   - progress: Called with the next stage's name; may throw to give up.
    /// - Throws: `ImagingError`, `ColorizationError`, or what `progress` throws.
    package func make(
        _ order: Order, settings: ColoringSettings, into directory: String,
        progress: (_ next: String) throws -> Void
    ) throws -> ResultMetadata {
        var share: MemoryBudget.Share?
        defer { withExtendedLifetime(share) {} }
        var start = ContinuousClock.now
        let photograph = try decoder.photograph(descriptor: order.descriptor, name: order.name, limits: limits) {
            try progress("waiting for memory")
            share = budget.share(megapixels: Double($0 * $1) / 1e6)
            try progress("decoding")
            start = .now
        }
        let elapsed = start.duration(to: .now)
        try progress("conditioning")
        return try writer.write(
            photograph,
            from: .init(
                name: order.name, path: order.path, sha256: order.content.hex, bytes: order.bytes,
                modified: order.modified),
            decodeSeconds: Double(elapsed.components.seconds) + Double(elapsed.components.attoseconds) * 1e-18,
            settings: settings, into: directory, progress: progress)
    }
}

extension Configuration {
    /// What a file may ask of the decoder.
    package var decodeLimits: DecodeLimits {
        var limits = DecodeLimits()
        limits.pixels = Int(maximumMegapixels * 1e6)
        limits.bytes = Int(maximumMegabytes * 1e6)
        limits.seconds = decodeSeconds
        return limits
    }
}
