import Foundation

extension Publisher {
    /// A publisher for a folder that is there, without a daemon's spool around it.
    package convenience init(outbox: String, reserveBytes: Int64) throws {
        var configuration = SpoolConfiguration(inbox: outbox, outbox: outbox, state: outbox)
        configuration.reserveBytes = reserveBytes
        try self.init(configuration: configuration)
    }

    /// The metadata document of a result; nil where it is gone.
    package func metadata(of result: PublishedResult) throws -> Data? {
        let path = result.path.appending(ResultName.metadata(of: result.source))
        do {
            return try outbox.file(path).content(limit: 16 << 20, outbox.display(path))
        } catch SpoolError.missing {
            return nil
        }
    }
}
