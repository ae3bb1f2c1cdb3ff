import Digest
import Foundation

/// A file of the inbox, opened and known to be the one that was seen.
package struct OpenedFile: ~Copyable, Sendable {
    package let descriptor: Descriptor
    package let stamp: FileStamp
    private let path: String

    package init(descriptor: Descriptor, stamp: FileStamp, path: String) {
        self.descriptor = descriptor
        self.stamp = stamp
        self.path = path
    }

    /// The hash of the whole content; throws `changed` where the file was written to meanwhile.
    package func hash() throws -> ContentHash {
        let hash = try ContentHash(descriptor: descriptor.raw, path: path)
        try verifyUnchanged()
        return hash
    }

    /// Throws `changed` where the file was written to since it was opened: the bytes that were read may mix two contents.
    package func verifyUnchanged() throws {
        guard try descriptor.status(path).stamp == stamp else { throw FileError.changed(path: path) }
    }
}

extension Folder {
    /// Opens a file for reading as it is.
    package func openFile(_ path: RelativePath) throws -> OpenedFile {
        let file = try file(path)
        let stamp = try file.status(display(path)).stamp
        return OpenedFile(descriptor: file, stamp: stamp, path: display(path))
    }

    /// Opens a file for reading; throws `changed` where it is not the one that was seen, `missing` where it is gone.
    package func openFile(_ path: RelativePath, expecting stamp: FileStamp) throws -> OpenedFile {
        let file = try openSeenFile(path)
        guard file.stamp.matches(stamp) else { throw FileError.changed(path: display(path)) }
        return file
    }

    /// Opens for reading what was seen as a plain file; throws `changed` where a link, a folder or a device has its name, or
    /// that of a folder on the way to it.
    package func openSeenFile(_ path: RelativePath) throws -> OpenedFile {
        do {
            return try openFile(path)
        } catch FileError.refused {
            throw FileError.changed(path: display(path))
        } catch FileError.system(_, _, let code) where [ELOOP, ENOTDIR].contains(code) {
            throw FileError.changed(path: display(path))
        }
    }
}
