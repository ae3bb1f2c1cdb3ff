import Colorization
import Digest
import Files
import Foundation
import Imaging
import Kernels

extension ColoringPipeline {
    /// The pipeline of a model under a configuration.
    ///
    /// - Parameters:
    ///   - budget: The memory that it shares with others; one of its own where none is given.
    ///   - turns: The same of the turns at colouring.
    package init(
        model: LoadedModel, configuration: Configuration, decoder: SandboxedDecoder, budget: Budget? = nil,
        turns: ColoringTurns? = nil
    ) {
        self.init(
            colorizer: model.colorizer, model: model.metadata, program: ("Autochrome", Program.version),
            decoder: decoder, limits: configuration.decodeLimits,
            budget: budget ?? Budget(configuration.memoryMegapixels),
            turns: turns ?? ColoringTurns(configuration.effectiveWorkers),
            execution: Execution(threads: configuration.threadsPerWorker))
    }

    /// Colours an opened file as `run` does.
    ///
    /// - Throws: `FileError.changed` where the file was written to since it was opened, or as `run` does.
    package func run(
        _ request: ColoringRequest, reading file: borrowing OpenedFile, into directory: String, progress: Progress
    ) throws -> ResultMetadata {
        let metadata = try run(request, reading: file.descriptor.raw, into: directory, progress: progress)
        // The file was hashed before it was decoded: both saw one content only if nobody has written to it since.
        try file.verifyUnchanged()
        return metadata
    }
}

extension ColoringRequest.Source {
    /// Describes an opened file as a source.
    ///
    /// - Parameters:
    ///   - path: The file's place below the folder where the search for its settings began.
    ///   - content: The file's hash.
    package init(_ file: borrowing OpenedFile, at path: RelativePath, in folder: Folder, content: ContentHash) {
        self.init(
            name: path.escapedName, path: folder.display(path), root: folder.path, sha256: content.hex,
            bytes: Int(file.stamp.size), modified: Date(timeIntervalSince1970: Double(file.stamp.modified) / 1e9))
    }
}

extension Configuration {
    /// The limits on what a file may ask of the decoder.
    package var decodeLimits: DecodeLimits {
        var limits = DecodeLimits()
        limits.pixels = Int(maximumMegapixels * 1e6)
        limits.bytes = Int(maximumMegabytes * 1e6)
        limits.seconds = decodeSeconds
        return limits
    }
}
