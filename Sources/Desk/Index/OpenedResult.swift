import Colorization
import Digest
import Files
import Foundation
import Imaging
import Spool
import Synchronization

/// A result that is read: its folder stays the same one, even if another takes its name meanwhile.
struct OpenedResult: Sendable {
    let path: RelativePath
    let directory: Descriptor
    let facts: ResultFacts
    private static let metadataLimit = 16 << 20

    /// Opens the result of an entry; throws `Refusal.notFound` where it is gone.
    init(_ entry: IndexEntry, in outbox: Folder, cache: FactsCache) throws {
        path = entry.path
        directory = try outbox.directory(entry.path)
        let shown = outbox.display(path)
        guard let status = try Folder.status(in: directory.raw, entry.document[...], shown), status.kind == .file else {
            throw Refusal.notFound
        }
        let key = FactsCache.Key(metadata: status.stamp, folder: try directory.status(shown).stamp)
        if let known = cache[key] {
            facts = known
            return
        }
        let file = try Descriptor.open(directory.raw, entry.document[...], O_RDONLY, path: shown)
        let data = try file.content(limit: Self.metadataLimit, shown)
        guard let metadata = try? ResultMetadata.decoded(data) else { throw Refusal.notFound }
        facts = ResultFacts(metadata: metadata, names: Set(try Folder.names(in: directory, shown)), stamp: status.stamp)
        cache[key] = facts
    }

    /// Opens a plain file of the result.
    func file(_ name: String) throws -> (file: Descriptor, bytes: Int64) {
        let file = try Descriptor.open(directory.raw, Array(name.utf8)[...], O_RDONLY, path: name)
        let status = try file.status(name)
        guard status.kind == .file else { throw Refusal.notFound }
        return (file, status.stamp.size)
    }

    /// Bytes of a file of the result; 0 where it is gone.
    func bytes(of name: String) -> Int64 {
        (try? Folder.status(in: directory.raw, Array(name.utf8)[...], name))?.stamp.size ?? 0
    }

    /// The photograph without colour, as it was reduced at publishing.
    func gray() throws -> Photograph {
        let file = try file(PreviewFiles.gray).file
        let data = try file.content(limit: Photograph.grayLimit, "\(path)")
        guard let photograph = Photograph(pgm: data, name: "\(path)") else { throw Refusal.notFound }
        return photograph
    }

    /// The metadata as it was written.
    func document(_ entry: IndexEntry) throws -> Data {
        try Descriptor.open(directory.raw, entry.document[...], O_RDONLY, path: "\(path)")
            .content(limit: Self.metadataLimit, "\(path)")
    }
}

/// What is known of a result's pictures.
struct ResultFacts: Sendable {
    let metadata: ResultMetadata
    /// The files in its folder.
    let names: Set<[UInt8]>
    /// Tells these pictures from others under the same names.
    let version: String

    init(metadata: ResultMetadata, names: Set<[UInt8]>, stamp: FileStamp) {
        self.metadata = metadata
        self.names = names
        let text = "\(stamp.inode)/\(stamp.size)/\(stamp.modified)"
        version = ContentHash(of: Array(text.utf8)).version
    }

    func has(_ name: String) -> Bool { names.contains(Array(name.utf8)) }
}

/// The facts of the results that were asked for last.
final class FactsCache: Sendable {
    struct Key: Hashable {
        let metadata: FileStamp
        let folder: FileStamp
    }

    private static let limit = 4096
    /// The present and the last generation: a full one becomes the last, and what is asked for again comes back.
    private let generations = Mutex<(new: [Key: ResultFacts], old: [Key: ResultFacts])>(([:], [:]))

    subscript(key: Key) -> ResultFacts? {
        get {
            generations.withLock { generations in
                if let facts = generations.new[key] { return facts }
                guard let facts = generations.old[key] else { return nil }
                generations.new[key] = facts
                return facts
            }
        }
        set {
            generations.withLock { generations in
                if generations.new.count >= Self.limit { generations = ([:], generations.new) }
                generations.new[key] = newValue
            }
        }
    }
}
