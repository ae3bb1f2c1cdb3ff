import Foundation

extension Folder {
    /// Calls a function for every folder that is not hidden, this one first, in order of name.
    ///
    /// - Parameters:
    ///   - unreadable: Gets the error of each folder below that cannot be read; the others are gone through all the same.
    ///   - body: Gets a folder with the plain files in it, and returns which of the folders in it to enter.
    func forEachFolder(
        unreadable: (any Error) -> Void,
        _ body: (SpoolPath, _ files: [FolderEntry], _ folders: [FolderEntry]) throws -> [FolderEntry]
    ) throws {
        var pending = [SpoolPath.root]
        while let path = pending.popLast() {
            let entries: [FolderEntry]
            do {
                entries = try self.entries(path)
            } catch {
                if path.isRoot { throw error }
                if (error as? SpoolError)?.isGone != true { unreadable(error) }
                continue
            }
            let folders = try body(
                path, entries.filter { $0.status.kind == .file }, entries.filter { $0.status.kind == .directory })
            pending += folders.reversed().map(\.path)
        }
    }

    private func entries(_ path: SpoolPath) throws -> [FolderEntry] {
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

    /// Calls a function for every plain file below, folder by folder and in order of name; what the intake of a service
    /// passes over by its name is left out.
    ///
    /// - Parameters:
    ///   - except: Folders that are not entered, by device and inode.
    ///   - unreadable: Gets the error of each folder that cannot be read; the others are gone through all the same.
    package func forEachFile(
        except: Set<FileIdentity> = [], unreadable: (any Error) -> Void, _ body: (SpoolPath) throws -> Void
    ) throws {
        let rules = IgnoreRules(excludes: [])
        try forEachFolder(unreadable: unreadable) { _, files, folders in
            for file in files where !rules.ignores(file.path, isDirectory: false) { try body(file.path) }
            return folders.filter { folder in
                let stamp = folder.status.stamp
                return !rules.ignores(folder.path, isDirectory: true)
                    && !except.contains(FileIdentity(device: stamp.device, inode: stamp.inode))
            }
        }
    }

    /// Which folder this is, whatever its name.
    package var identity: FileIdentity {
        get throws {
            let stamp = try descriptor.status(path).stamp
            return FileIdentity(device: stamp.device, inode: stamp.inode)
        }
    }
}

/// Which file or folder something is, whatever its name.
package struct FileIdentity: Hashable, Sendable {
    package let device: UInt64
    package let inode: UInt64
}

/// What a folder holds under one name.
struct FolderEntry {
    let path: SpoolPath
    let status: FileStatus
}
