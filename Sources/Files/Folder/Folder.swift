import CFileSystem
import Foundation

/// A directory tree that is reached through an open descriptor, one name at a time and never through a symbolic link.
package final class Folder: Sendable {
    /// The absolute path it was opened by.
    package let path: String
    package let descriptor: Descriptor

    /// Begins the names of files and folders that are not finished.
    package static let hiddenPrefix = ".autochrome-"

    /// Opens a directory.
    package init(_ path: String) throws {
        let raw = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard raw >= 0 else { throw FileError.last("open directory", path) }
        self.path = path
        descriptor = Descriptor(owning: raw)
    }

    /// A path in the folder, for people and messages.
    package func display(_ path: RelativePath) -> String {
        path.isRoot ? self.path : "\(self.path)/\(path)"
    }

    /// A path in the folder, for C functions and other libraries.
    package func absolute(_ path: RelativePath) -> [UInt8] {
        path.isRoot ? Array(self.path.utf8) : Array(self.path.utf8) + [UInt8(ascii: "/")] + path.bytes
    }

    /// Opens a directory in the folder.
    package func directory(_ path: RelativePath) throws -> Descriptor {
        let flags = O_RDONLY | O_DIRECTORY
        var current = try Descriptor.open(descriptor.raw, [UInt8(ascii: ".")][...], flags, path: self.path)
        for component in path.components {
            current = try Descriptor.open(current.raw, component, flags, path: display(path))
        }
        return current
    }

    /// Opens a plain file in the folder for reading; throws `refused` where something else has the name.
    package func file(_ path: RelativePath) throws -> Descriptor {
        let parent = try directory(path.parent)
        return try Descriptor.file(parent.raw, path.name, path: display(path))
    }

    /// The whole content of a plain file in the folder; throws `damaged` where it has more bytes than the limit.
    package func content(_ path: RelativePath, limit: Int) throws -> Data {
        try file(path).content(limit: limit, display(path))
    }

    /// The status of the entry at a path; nil where there is none.
    package func status(_ path: RelativePath) throws -> FileStatus? {
        do {
            let parent = try directory(path.parent)
            return try Self.status(in: parent.raw, path.name, display(path))
        } catch FileError.missing {
            return nil
        } catch FileError.system(_, _, let code) where code == ENOTDIR || code == ELOOP {
            return nil
        }
    }

    /// Whether the very file of a stamp has a name.
    package func has(_ stamp: FileStamp, at path: RelativePath) throws -> Bool {
        try status(path)?.stamp.matches(stamp) == true
    }

    /// Whether a plain file lies at a path.
    package func hasFile(_ path: RelativePath) throws -> Bool { try status(path)?.kind == .file }

    /// The status of a name in an open directory; nil where there is no such name.
    package static func status(in directory: Int32, _ name: ArraySlice<UInt8>, _ path: String) throws -> FileStatus? {
        var buffer = stat()
        let result = name.withCString { fstatat(directory, $0, &buffer, AT_SYMLINK_NOFOLLOW) }
        if result == 0 { return FileStatus(buffer) }
        if errno == ENOENT { return nil }
        throw FileError.last("examine", path)
    }

    /// Makes a directory and those above it, each of them durable.
    package func makeDirectories(_ path: RelativePath) throws -> Descriptor {
        var current = try directory(.root)
        for component in path.components {
            if component.withCString({ mkdirat(current.raw, $0, 0o777) }) == 0 {
                try current.synchronize(display(path))
            } else if errno != EEXIST {
                throw FileError.last("make directory", display(path))
            }
            current = try Descriptor.open(current.raw, component, O_RDONLY | O_DIRECTORY, path: display(path))
        }
        return current
    }

    /// The names in an open directory, without `.` and `..`, in the order of the file system.
    package static func names(in directory: Descriptor, _ path: String) throws -> [[UInt8]] {
        // A descriptor of its own: fdopendir takes it over, and its position starts at the first name.
        let raw = openat(directory.raw, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard raw >= 0 else { throw FileError.last("list", path) }
        guard let stream = fdopendir(raw) else {
            close(raw)
            throw FileError.last("list", path)
        }
        defer { closedir(stream) }
        var names = [[UInt8]]()
        while true {
            errno = 0
            guard let entry = readdir(stream) else { break }
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { Array($0.prefix { $0 != 0 }) }
            if name != Array(".".utf8) && name != Array("..".utf8) { names.append(name) }
        }
        guard errno == 0 else { throw FileError.last("list", path) }
        return names
    }
}

/// The treatment of an entry that has a rename's new name already.
package enum RenameRule: UInt32, Sendable {
    case noReplace = 1
    case exchange = 2
}

extension Folder {
    /// A name in an open directory.
    package typealias Place = (directory: Int32, name: ArraySlice<UInt8>)

    /// Renames by a rule; false where the file system does not know the rule (NFS, some FUSE).
    package static func rename(_ from: Place, _ to: Place, _ rule: RenameRule, path: String) throws -> Bool {
        do {
            try NameChange.interruption?(.rename(rule), path)
        } catch FileError.system(_, _, let code) where code == EINVAL || code == 0 {
            // A success that is only claimed has code 0.
            return code == 0
        }
        let result = from.name.withCString { old in
            to.name.withCString { new in
                rename_with_flags(from.directory, old, to.directory, new, rule.rawValue)
            }
        }
        if result == 0 { return true }
        switch errno {
        case EINVAL, ENOSYS: return false
        case EEXIST, ENOTEMPTY: throw FileError.occupied(path: path)
        default: throw FileError.last("rename", path)
        }
    }

    /// Renames to a name that should be free: a file loses its name to a file and an empty folder to a folder, and nothing
    /// else does.
    package static func renamePlainly(_ from: Place, _ to: Place, path: String) throws {
        try NameChange.interruption?(.plainRename, path)
        let result = from.name.withCString { old in
            to.name.withCString { new in renameat(from.directory, old, to.directory, new) }
        }
        if result == 0 { return }
        switch errno {
        case EEXIST, ENOTEMPTY, ENOTDIR, EISDIR: throw FileError.occupied(path: path)
        default: throw FileError.last("rename", path)
        }
    }

    /// Renames a file replacing nothing, or makes a second link and removes the first where the file system has no such
    /// rename; false where it has neither.
    package static func renameOrLink(_ from: Place, _ to: Place, path: String) throws -> Bool {
        if try rename(from, to, .noReplace, path: path) { return true }
        guard try link(from, to, path: path) else { return false }
        try unlink(from, path: path)
        return true
    }

    /// Makes a second link; false where the file system has none.
    package static func link(_ from: Place, _ to: Place, path: String) throws -> Bool {
        let result = from.name.withCString { old in
            to.name.withCString { new in linkat(from.directory, old, to.directory, new, 0) }
        }
        if result == 0 { return true }
        if errno == EEXIST { throw FileError.occupied(path: path) }
        return false
    }

    /// Removes the name of a file.
    package static func unlink(_ place: Place, path: String) throws {
        try NameChange.interruption?(.removal, path)
        guard place.name.withCString({ unlinkat(place.directory, $0, 0) }) == 0 else {
            throw FileError.last("remove", path)
        }
    }

    /// Removes a name and all below it, never through a symbolic link; nothing happens where there is no such name.
    package static func removeTree(in directory: Int32, _ name: ArraySlice<UInt8>, path: String) throws {
        if name.withCString({ unlinkat(directory, $0, 0) }) == 0 || errno == ENOENT { return }
        guard errno == EISDIR || errno == EPERM else { throw FileError.last("remove", path) }
        do {
            let inner = try Descriptor.open(directory, name, O_RDONLY | O_DIRECTORY, path: path)
            for child in try names(in: inner, path) {
                try removeTree(in: inner.raw, child[...], path: path)
            }
        }
        guard name.withCString({ unlinkat(directory, $0, AT_REMOVEDIR) }) == 0 || errno == ENOENT else {
            throw FileError.last("remove", path)
        }
    }
}
