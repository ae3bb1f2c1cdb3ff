import Foundation

extension Folder {
    /// Begins the names of the hidden folders in which files are looked at before they are removed.
    private static let takenPrefix = ".autochrome-taken-"

    /// Removes a file; throws `changed` where another has its name, and `missing` where none has.
    ///
    /// Another file may take a name at any moment, so the file gets a hidden name first, is looked at there, and is
    /// removed or given back.
    package func remove(_ path: RelativePath, _ stamp: FileStamp) throws {
        let parent = try directory(path.parent)
        try verify(path.name, stamp, in: parent, path)
        let shelf = RelativePath.root.appending(Self.takenPrefix + String(UInt64.random(in: 0...UInt64.max), radix: 36))
        let taken = shelf.appending(path.bytes)
        let holder = try makeDirectories(taken.parent)
        defer { removeEmpty(taken.parent) }
        do {
            try Self.renamePlainly((parent.raw, path.name), (holder.raw, path.name), path: display(path))
        } catch FileError.system(_, _, let code) where code == EXDEV {
            // Another file system is mounted in this folder: a check right before is all that can be done.
            try Self.unlink((parent.raw, path.name), path: display(path))
            return try parent.synchronize(display(path.parent))
        }
        do {
            try verify(path.name, stamp, in: holder, path)
            try Self.unlink((holder.raw, path.name), path: display(path))
        } catch {
            try giveBack((holder.raw, path.name), path, tag: "returned")
            throw error
        }
        try parent.synchronize(display(path.parent))
    }

    /// Gives back what a removal had taken when its process died.
    package func returnTaken() throws {
        for name in try Self.names(in: descriptor, path) where name.starts(with: Self.takenPrefix.utf8) {
            try returnAll(in: RelativePath.root.appending(name), shelf: name)
        }
    }

    private func returnAll(in folder: RelativePath, shelf: [UInt8]) throws {
        let directory = try directory(folder)
        for name in try Self.names(in: directory, display(folder)) {
            let child = folder.appending(name)
            if try Self.status(in: directory.raw, name[...], display(child))?.kind == .directory {
                try returnAll(in: child, shelf: shelf)
            } else if let path = RelativePath(bytes: Array(child.bytes.dropFirst(shelf.count + 1))) {
                try giveBack((directory.raw, name[...]), path, tag: "returned")
            }
        }
        removeEmpty(folder)
    }

    /// Gives a file that was moved by mistake its name back, or one beside it where another file has that by now.
    package func giveBack(_ from: Place, _ path: RelativePath, tag: String) throws {
        let parent = try makeDirectories(path.parent)
        for place in [path] + Self.alternatives(path, tag) {
            do {
                if try !Self.renameOrLink(from, (parent.raw, place.name), path: display(place)) {
                    guard try Self.status(in: parent.raw, place.name, display(place)) == nil else { continue }
                    try Self.renamePlainly(from, (parent.raw, place.name), path: display(place))
                }
                return try parent.synchronize(display(place))
            } catch FileError.occupied {
                continue
            }
        }
        throw FileError.occupied(path: display(path))
    }

    private func verify(
        _ name: ArraySlice<UInt8>, _ stamp: FileStamp, in directory: Descriptor, _ path: RelativePath
    ) throws {
        guard let status = try Self.status(in: directory.raw, name, display(path)) else {
            throw FileError.missing(path: display(path))
        }
        guard status.kind == .file, status.stamp.matches(stamp) else { throw FileError.changed(path: display(path)) }
    }

    /// Removes a folder and those above it as far as they are empty.
    package func removeEmpty(_ path: RelativePath) {
        var current = path
        while !current.isRoot, let parent = try? directory(current.parent),
            current.name.withCString({ unlinkat(parent.raw, $0, AT_REMOVEDIR) }) == 0
        {
            current = current.parent
        }
    }
}
