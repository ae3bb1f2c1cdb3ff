import Colorization
import Digest
import Files
import Spool

extension Staging {
    /// Adds the metadata to the files written here and publishes them as a source's result.
    ///
    /// - Returns: The result's folder in the outbox.
    func publish(
        _ metadata: ResultMetadata, of source: RelativePath, content: ContentHash, previous: RelativePath?,
        replacesOther: Bool, _ publisher: Publisher
    ) throws -> RelativePath {
        try add(metadata, of: source)
        return try publisher.publish(
            self, source: source, content: content, previous: previous, replacesOther: replacesOther)
    }

    /// Adds the metadata to the files written here.
    func add(_ metadata: ResultMetadata, of source: RelativePath) throws {
        for variant in metadata.variants {
            if let hash = ContentHash(hex: variant.sha256) { expect(variant.file, hash) }
        }
        try write(metadata.encoded(), as: ResultName.metadata(of: source))
    }
}
