import Digest
import Files
import Foundation

/// A digest of the sidecars that hold for a file: it differs once one of them has come, gone or been written to.
package struct SidecarStamp: Hashable, Sendable {
    /// No sidecar holds.
    package static let none = SidecarStamp(digest: 0)

    /// The same in every process, since the ledger keeps it.
    package let digest: Int64

    package init(digest: Int64) { self.digest = digest }

    /// This with the sidecar of a further place; nil where there is none.
    func adding(_ stamp: FileStamp?) -> SidecarStamp {
        guard let stamp else { return self }
        let text = "\(digest) \(stamp.inode) \(stamp.size) \(stamp.modified)"
        let hash = ContentHash(of: Array(text.utf8)).bytes
        return SidecarStamp(digest: Int64(bitPattern: hash.prefix(8).reduce(0) { $0 << 8 | UInt64($1) }))
    }
}

extension RelativePath {
    /// The name of a folder's sidecar, and the ending of a file's own.
    package static let sidecarEnding = ".autochrome.yaml"

    /// The place of a file's own sidecar.
    package var sidecar: RelativePath { parent.appending(name + Self.sidecarEnding.utf8) }

    /// Whether this is the place of a sidecar, of a folder's or a file's.
    var isSidecar: Bool { name.suffix(Self.sidecarEnding.utf8.count).elementsEqual(Self.sidecarEnding.utf8) }

    /// The file whose own sidecar this is; nil for a folder's.
    var ownerOfSidecar: RelativePath? {
        let owner = name.dropLast(Self.sidecarEnding.utf8.count)
        return isSidecar && !owner.isEmpty ? parent.appending(owner) : nil
    }
}

extension Folder {
    /// The sidecars that hold for a file or, where the path is a folder's, for the files in it.
    func sidecars(of path: RelativePath, isDirectory: Bool = false) throws -> SidecarStamp {
        var current = try directory(.root)
        var found = SidecarStamp.none.adding(try Self.sidecar(in: current, [], self.path))
        for component in isDirectory ? path.components[...] : path.components.dropLast() {
            current = try Descriptor.open(current.raw, component, O_RDONLY | O_DIRECTORY, path: display(path))
            found = found.adding(try Self.sidecar(in: current, [], display(path)))
        }
        return isDirectory ? found : found.adding(try Self.sidecar(in: current, path.name, display(path)))
    }

    /// The stamp of a sidecar in an open folder: its own, or that of the file of a name; nil where there is none.
    static func sidecar(
        in directory: Descriptor, _ owner: ArraySlice<UInt8>, _ path: String
    ) throws -> FileStamp? {
        let name = Array(owner) + RelativePath.sidecarEnding.utf8
        do {
            let status = try Self.status(in: directory.raw, name[...], path)
            return status?.kind == .file ? status?.stamp : nil
        } catch FileError.system(_, _, ENAMETOOLONG) {
            return nil
        }
    }

    /// The stamp of a file's own sidecar; nil where there is none.
    func ownSidecar(of path: RelativePath) throws -> FileStamp? {
        try Self.sidecar(in: directory(path.parent), path.name, display(path))
    }

    /// Moves the sidecar of a file that has moved, to where its file lies now; nothing happens where there is none.
    ///
    /// - Parameter stamp: The sidecar's, from before its file moved: another that came since is the next file's.
    func moveSidecar(
        _ stamp: FileStamp?, of path: RelativePath, to other: Folder, as place: RelativePath, tag: String
    ) throws {
        guard let stamp else { return }
        _ = try move(path.sidecar, stamp, to: other, as: place.sidecar, tag: tag)
    }
}
