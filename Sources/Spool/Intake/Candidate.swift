import Digest
import Foundation

/// A file of the inbox that looks ready.
package struct Candidate: Hashable, Sendable {
    /// How the file came to be noticed.
    package enum Origin: Sendable {
        /// It arrived while the inbox was watched.
        case arrival
        /// It lay there when the inbox was scanned.
        case backlog
    }

    package let path: SpoolPath
    /// What was seen when the file was found ready.
    package let stamp: FileStamp
    /// The sidecars that held for it then.
    package let sidecars: SidecarStamp
    package let arrival: Date
    package let origin: Origin
    /// Whether the file was put back as truncated and has not changed during the whole patience since.
    package let isLastChance: Bool

    package init(
        path: SpoolPath, stamp: FileStamp, sidecars: SidecarStamp = .none, arrival: Date, origin: Origin,
        isLastChance: Bool = false
    ) {
        self.path = path
        self.stamp = stamp
        self.sidecars = sidecars
        self.arrival = arrival
        self.origin = origin
        self.isLastChance = isLastChance
    }
}

/// A file of the inbox, opened and known to be the one that was seen.
package struct OpenedFile: ~Copyable, Sendable {
    package let descriptor: Descriptor
    package let stamp: FileStamp
    private let path: String

    init(descriptor: consuming Descriptor, stamp: FileStamp, path: String) {
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

    /// Throws `changed` where the file was written to since it was opened: what was read of it belongs to no one content.
    package func verifyUnchanged() throws {
        guard try descriptor.status(path).stamp == stamp else { throw SpoolError.changed(path: path) }
    }
}

extension Folder {
    /// Opens a file for reading as it is.
    package func openFile(_ path: SpoolPath) throws -> OpenedFile {
        let file = try file(path)
        let stamp = try file.status(display(path)).stamp
        return OpenedFile(descriptor: file, stamp: stamp, path: display(path))
    }

    /// Opens a file for reading; throws `changed` where it is not the one that was seen, `missing` where it is gone.
    package func openFile(_ path: SpoolPath, expecting stamp: FileStamp) throws -> OpenedFile {
        let file = try stillFile(path)
        let status = try file.status(display(path))
        guard status.kind == .file, status.stamp.matches(stamp) else {
            throw SpoolError.changed(path: display(path))
        }
        return OpenedFile(descriptor: file, stamp: status.stamp, path: display(path))
    }

    /// Opens what was a plain file; throws `changed` where a link, a folder or a device has its name, or that of a folder
    /// on the way to it.
    private func stillFile(_ path: SpoolPath) throws -> Descriptor {
        do {
            return try file(path)
        } catch SpoolError.refused {
            throw SpoolError.changed(path: display(path))
        } catch SpoolError.system(_, _, let code) where [ELOOP, ENOTDIR, ENXIO].contains(code) {
            throw SpoolError.changed(path: display(path))
        }
    }
}
