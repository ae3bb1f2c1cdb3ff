import Files
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
        package var relative: RelativePath
        package var content: ContentHash

        package init(folder: Folder, relative: RelativePath, content: ContentHash) {
            self.folder = folder
            self.relative = relative
            self.content = content
        }
    }

    package let model: LoadedModel
    let budget: MemoryBudget
    private let decoder: SandboxedDecoder
    private let pipeline: ColoringPipeline
    private let transfer: LatentTransfer?

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
        self.transfer = transfer
        pipeline = ColoringPipeline(
            colorizer: model.colorizer, model: model.metadata, program: ("Autochrome", Program.version),
            decoder: decoder, limits: configuration.decodeLimits,
            budget: budget, execution: Execution(threads: configuration.threadsPerWorker))
    }

    /// One with another model and configuration that shares this one's memory, since work of both may be in hand.
    package func replaced(model: LoadedModel, configuration: Configuration) -> Workshop {
        budget.resize(megapixels: configuration.memoryMegapixels)
        return Workshop(model, configuration, decoder, nil, budget)
    }

    /// Decodes, colours and writes the pictures of a result into an empty directory, and returns its metadata.
    ///
    /// - Throws: `FileError.changed` where the file was written to since it was opened, `ImagingError`,
    ///   `ColorizationError`, or what `progress` throws.
    package func make(
        _ order: Order, of file: borrowing OpenedFile, settings: ColoringSettings, into directory: String,
        progress: ColoringPipeline.Progress
    ) throws -> ResultMetadata {
        let source = ColoringRequest.Source(
            name: order.relative.escapedName, path: order.folder.display(order.relative), root: order.folder.path,
            sha256: order.content.hex, bytes: Int(file.stamp.size),
            modified: Date(timeIntervalSince1970: Double(file.stamp.modified) / 1e9))
        let metadata = try pipeline.run(
            ColoringRequest(source: source, settings: settings, transfer: transfer), reading: file.descriptor.raw,
            into: directory, progress: progress)
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
