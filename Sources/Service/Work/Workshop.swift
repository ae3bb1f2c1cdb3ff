import Colorization
import Digest
import Foundation
import Imaging
import Kernels
import Spool

/// Turns an open photograph into a result directory: what the daemon, `colorize` and `reprocess` share.
package struct Workshop: Sendable {
    /// What is known of a photograph to be coloured.
    package struct Order: Sendable {
        /// Where the search for its settings began.
        package var folder: Folder
        /// Its path below.
        package var relative: SpoolPath
        package var content: ContentHash

        package init(folder: Folder, relative: SpoolPath, content: ContentHash) {
            self.folder = folder
            self.relative = relative
            self.content = content
        }
    }

    package let model: LoadedModel
    let budget: MemoryBudget
    private let limits: DecodeLimits
    private let decoder: SandboxedDecoder
    private let writer: ResultWriter

    package init(
        model: LoadedModel, configuration: Configuration, decoder: SandboxedDecoder, transfer: LatentTransfer? = nil
    ) {
        let budget = MemoryBudget(megapixels: configuration.memoryMegapixels)
        self.init(model, configuration, decoder, transfer, budget)
    }

    private init(
        _ model: LoadedModel, _ configuration: Configuration, _ decoder: SandboxedDecoder, _ transfer: LatentTransfer?,
        _ budget: MemoryBudget
    ) {
        self.model = model
        self.decoder = decoder
        self.budget = budget
        limits = configuration.decodeLimits
        writer = ResultWriter(
            colorizer: model.colorizer, model: model.metadata, program: ("Autochrome", Program.version),
            transfer: transfer, execution: Execution(threads: configuration.threadsPerWorker))
    }

    /// One with another model and configuration that shares this one's memory, since work of both may be in hand.
    package func replaced(model: LoadedModel, configuration: Configuration) -> Workshop {
        budget.resize(megapixels: configuration.memoryMegapixels)
        return Workshop(model, configuration, decoder, nil, budget)
    }

    /// Decodes, colours and writes the pictures of a result into an empty directory, and returns its metadata.
    ///
    /// - Parameters:
    ///   - progress: Called with the next stage's name; may throw to give up.
    /// - Throws: `SpoolError.changed` where the file was written to since it was opened, `ImagingError`,
    ///   `ColorizationError`, or what `progress` throws.
    package func make(
        _ order: Order, of file: borrowing OpenedFile, settings: ColoringSettings, into directory: String,
        progress: (_ next: String) throws -> Void
    ) throws -> ResultMetadata {
        var share: MemoryBudget.Share?
        defer { withExtendedLifetime(share) {} }
        var start = ContinuousClock.now
        let name = order.relative.escapedName
        let photograph = try decoder.photograph(descriptor: file.descriptor.raw, name: name, limits: limits) {
            try progress("waiting for memory")
            share = budget.share(megapixels: Double($0 * $1) / 1e6)
            try progress("decoding")
            start = .now
        }
        let elapsed = start.duration(to: .now)
        try progress("conditioning")
        let metadata = try writer.write(
            photograph,
            from: .init(
                name: name, path: order.folder.display(order.relative), root: order.folder.path,
                sha256: order.content.hex, bytes: Int(file.stamp.size),
                modified: Date(timeIntervalSince1970: Double(file.stamp.modified) / 1e9)),
            decodeSeconds: Double(elapsed.components.seconds) + Double(elapsed.components.attoseconds) * 1e-18,
            settings: settings, into: directory, progress: progress)
        // Hashed and decoded are one content only if it stayed as it was for as long as that took.
        try file.verifyUnchanged()
        return metadata
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
