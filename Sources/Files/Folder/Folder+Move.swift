import Digest
import Foundation

extension Folder {
    /// Moves a file to another folder, replacing nothing, also from one file system to another.
    ///
    /// - Parameters:
    ///   - stamp: The file that is meant; `changed` is thrown where another has its name.
    ///   - tag: Put between stem and extension where the name is taken.
    ///   - progress: Called at each MiB of a copy; what it throws gives the copy up, and the file stays.
    /// - Returns: The path in the other folder.
    package func move(
        _ path: RelativePath, _ stamp: FileStamp, to other: Folder, as target: RelativePath, tag: String,
        progress: () throws -> Void = {}
    ) throws -> RelativePath {
        let from = try directory(path.parent)
        let to = try other.makeDirectories(target.parent)
        for place in [target] + Self.alternatives(target, tag) {
            guard try Self.status(in: from.raw, path.name, display(path))?.stamp.matches(stamp) == true else {
                throw FileError.changed(path: display(path))
            }
            do {
                if try !rename(path, stamp, from, place, to, other) {
                    try copy(path, stamp, to: place, to, other, progress)
                }
            } catch FileError.occupied {
                continue
            }
            try to.synchronize(other.display(place))
            try from.synchronize(display(path))
            return place
        }
        throw FileError.occupied(path: other.display(target))
    }

    /// Renames, or makes a second link and removes the first where the file system has no no-replace; false where only a
    /// copy helps.
    private func rename(
        _ path: RelativePath, _ stamp: FileStamp, _ from: Descriptor, _ target: RelativePath,
        _ to: Descriptor, _ other: Folder
    ) throws -> Bool {
        let new = (to.raw, target.name)
        let shown = other.display(target)
        let isRenamed: Bool
        do {
            isRenamed = try Self.rename((from.raw, path.name), new, .noReplace, path: shown)
        } catch FileError.system(_, _, let code) where code == EXDEV {
            return false
        }
        if try !isRenamed && !Self.link((from.raw, path.name), new, path: shown) { return false }
        // Between the look and the rename another file may have taken the name: that one goes back.
        if let moved = try Self.status(in: to.raw, target.name, shown), !moved.stamp.matches(stamp) {
            if isRenamed {
                try giveBack(new, path, tag: "returned")
            } else {
                try Self.unlink(new, path: shown)
            }
            throw FileError.changed(path: display(path))
        }
        if !isRenamed { try remove(path, stamp) }
        return true
    }

    /// Copies, compares, and only then removes.
    private func copy(
        _ path: RelativePath, _ stamp: FileStamp, to target: RelativePath, _ to: Descriptor, _ other: Folder,
        _ progress: () throws -> Void
    ) throws {
        let source = try openFile(path, expecting: stamp)
        let shown = other.display(target)
        if let existing = try? other.file(target) {
            // A crash between copy and removal left both.
            guard try existing.status(shown).stamp.size == stamp.size,
                try ContentHash(descriptor: existing.raw, path: shown) == source.hash()
            else { throw FileError.occupied(path: shown) }
        } else {
            try other.receive(source, as: (to.raw, target.name), shown, progress)
            try to.synchronize(shown)
        }
        try remove(path, stamp)
    }

    /// Names beside a taken one.
    package static func alternatives(_ target: RelativePath, _ tag: String) -> [RelativePath] {
        let room = 255 - target.suffix.count - tag.utf8.count - 6
        let stem = Array(target.stem.prefix(max(1, room)))
        return ([""] + (2...99).map { "-\($0)" }).map { number in
            target.parent.appending(stem + "-\(tag)\(number)".utf8 + target.suffix)
        }
    }
}

extension OpenedFile {
    /// Writes the content, the mode and the times to another file, brings it to the disk and compares it.
    ///
    /// - Parameter progress: Called at each MiB.
    package borrowing func copy(to target: Descriptor, _ path: String, progress: () throws -> Void) throws {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 64)
        defer { buffer.deallocate() }
        var offset: off_t = 0
        while true {
            try progress()
            let count = pread(descriptor.raw, buffer.baseAddress!, buffer.count, offset)
            if count < 0 {
                if errno == EINTR { continue }
                throw FileError.last("read", path)
            }
            if count == 0 { break }
            try target.write(UnsafeRawBufferPointer(rebasing: buffer[..<count]), path)
            offset += off_t(count)
        }
        try target.synchronize(path)
        _ = posix_fadvise(target.raw, 0, 0, POSIX_FADV_DONTNEED)
        guard try ContentHash(descriptor: target.raw, path: path) == hash() else {
            throw FileError.damaged(path: path, detail: "the copy differs")
        }
        // Last of all: until then the time tells a sweep that somebody is at work.
        var status = stat()
        if fstat(descriptor.raw, &status) == 0 {
            fchmod(target.raw, status.st_mode & 0o777)
            var times = [status.st_atim, status.st_mtim]
            futimens(target.raw, &times)
        }
        try target.synchronize(path)
    }
}
