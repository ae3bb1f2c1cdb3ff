import CSandbox
import Foundation

extension SandboxedDecoder {
    /// Longest time for reading metadata, in seconds.
    private static let metadataSeconds = 20.0

    /// Reads an open file's metadata for its variants.
    ///
    /// Metadata that cannot be read, whatever they do to their reader, cost no picture: a warning says so.
    /// - Parameters:
    ///   - descriptor: open for reading; it stays open, and its position does not matter.
    ///   - disclosure: what is added; its sample does not matter.
    /// - Throws: `ImagingError.noDecoder` where no helper can be had.
    package func metadata(
        descriptor: Int32, name: String, limits: DecodeLimits = DecodeLimits(), disclosure: Disclosure,
        format: OutputFormat
    ) throws -> OriginalMetadata {
        let name = Photograph.printable(name)
        var limits = limits
        limits.seconds = min(limits.seconds, Self.metadataSeconds)
        guard let memory = SharedMetadata.make() else {
            throw ImagingError.noDecoder(file: name, reason: String(cString: strerror(errno)))
        }
        let request = HelperRequest(
            work: .metadata, limits: limits, metadata: .init(disclosure: disclosure, format: format))
        do {
            return try exchange(request, [descriptor, memory.raw], name) { answers in
                guard case .metadata(let bytes) = try reply(answers, name, limits),
                    let data = SharedMetadata.read(memory, bytes: bytes),
                    let metadata = try JSONDecoder().decode(OriginalMetadata.self, from: data).checked(for: format)
                else { throw ImagingError.decoderFailed(file: name, reason: "gave impossible metadata") }
                return metadata
            }
        } catch ImagingError.noDecoder(let file, let reason) {
            throw ImagingError.noDecoder(file: file, reason: reason)
        } catch let error as ImagingError {
            return OriginalMetadata(unreadable: Self.reason(error))
        }
    }

    /// Why, without the file's name.
    private static func reason(_ error: ImagingError) -> String {
        switch error {
        case .decoderFailed(_, let reason):
            reason.hasPrefix("failed: ") ? String(reason.dropFirst(8)) : "the reader " + reason
        case .tooSlow(_, let seconds): "reading them took longer than \(seconds) seconds"
        case .cannotRead(_, let code): String(cString: strerror(code))
        case .unsupported(_, let reason), .damaged(_, let reason), .overLimit(_, let reason): reason
        default: "\(error)"
        }
    }
}
