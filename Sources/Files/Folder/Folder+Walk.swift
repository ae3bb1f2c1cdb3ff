import Foundation

extension Folder {
    /// Calls a function for every folder that is not hidden, this one first, in order of name.
    ///
    /// - Parameters:
    ///   - unreadable: Gets the error of each folder below that cannot be read; the others are gone through all the same.
    ///   - body: Gets a folder with the plain files in it, and returns which of the folders in it to enter.
    package func forEachFolder(
        unreadable: (any Error) -> Void,
        _ body: (RelativePath, _ files: [FolderEntry], _ folders: [FolderEntry]) throws -> [FolderEntry]
    ) throws {
        var pending = [RelativePath.root]
        while let path = pending.popLast() {
            let entries: [FolderEntry]
            do {
                entries = try self.entries(path)
            } catch {
                if path.isRoot { throw error }
                if (error as? FileError)?.isGone != true { unreadable(error) }
                continue
            }
            let folders = try body(
                path, entries.filter { $0.status.kind == .file }, entries.filter { $0.status.kind == .directory })
            pending += folders.reversed().map(\.path)
        }
    }

    private func entries(_ path: RelativePath) throws -> [FolderEntry] {
        let directory = try directory(path)
        let names = try Self.names(in: directory, display(path)).filter { $0.first != UInt8(ascii: ".") }
        var entries: [FolderEntry] = []
        for name in names.sorted(by: { $0.lexicographicallyPrecedes($1) }) {
            let child = path.appending(name)
            guard let status = try Self.status(in: directory.raw, name[...], display(child)) else { continue }
            entries.append(FolderEntry(path: child, status: status))
        }
        return entries
    }

    /// The folder's identity, whatever its name.
    package var identity: FileIdentity {
        get throws {
            try descriptor.status(path).stamp.identity
        }
    }
}

/// An entry of a folder.
package struct FolderEntry {
    package let path: RelativePath
    package let status: FileStatus
}
