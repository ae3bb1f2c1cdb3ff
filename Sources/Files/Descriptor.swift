import CFileSystem
import Foundation

/// A file descriptor that is closed with its last reference.
package final class Descriptor: Sendable {
    package let raw: Int32

    /// Takes over an open descriptor.
    package init(owning raw: Int32) {
        precondition(raw >= 0, "not an open descriptor")
        self.raw = raw
    }

    deinit { close(raw) }

    /// Opens a name within a directory, never through a symbolic link and never waiting for a FIFO's other end.
    package static func open(
        _ directory: Int32, _ name: ArraySlice<UInt8>, _ flags: Int32, mode: mode_t = 0o666, path: String
    ) throws -> Descriptor {
        let raw = name.withCString {
            openat(directory, $0, flags | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, mode)
        }
        guard raw >= 0 else { throw FileError.last("open", path) }
        return Descriptor(owning: raw)
    }

    /// Opens a plain file in a directory for reading; throws `missing` where there is none, and `refused` where something
    /// else has the name.
    package static func file(_ directory: Int32, _ name: ArraySlice<UInt8>, path: String) throws -> Descriptor {
        let file: Descriptor
        do {
            file = try open(directory, name, O_RDONLY, path: path)
        } catch FileError.system(_, _, let code) where code == ELOOP || code == ENXIO {
            throw FileError.refused(path: path, reason: code == ELOOP ? .symbolicLink : .other)
        }
        switch try file.status(path).kind {
        case .file: return file
        case .directory: throw FileError.refused(path: path, reason: .other)
        case .special(let reason): throw FileError.refused(path: path, reason: reason)
        }
    }

    /// The status of the file or folder behind the descriptor.
    package func status(_ path: String) throws -> FileStatus {
        var buffer = stat()
        guard fstat(raw, &buffer) == 0 else { throw FileError.last("examine", path) }
        return FileStatus(buffer)
    }

    /// Bytes that may still be written to its file system.
    package func freeSpace(_ path: String) throws -> Int64 {
        var status = statvfs()
        guard fstatvfs(raw, &status) == 0 else { throw FileError.last("examine the file system of", path) }
        // Some file systems count no inodes.
        if status.f_files > 0 && status.f_favail < 64 { return 0 }
        return Int64(clamping: UInt64(status.f_bavail) * UInt64(status.f_frsize))
    }

    /// Has the system begin to write a file to the disk; what it cannot do is left to `synchronize`.
    package func beginSynchronizing() { begin_writeback(raw) }

    /// Waits until everything written is on the disk.
    package func synchronize(_ path: String) throws {
        guard fsync(raw) == 0 else { throw FileError.last("sync", path) }
    }

    /// Writes all the bytes.
    package func write(_ content: some ContiguousBytes, _ path: String) throws {
        try content.withUnsafeBytes { bytes in
            var rest = bytes[...]
            while !rest.isEmpty {
                let count = Foundation.write(raw, rest.baseAddress!, rest.count)
                if count < 0 {
                    if errno == EINTR { continue }
                    throw FileError.last("write", path)
                }
                rest = rest.dropFirst(count)
            }
        }
    }
}

extension Slice<UnsafeRawBufferPointer> {
    fileprivate var baseAddress: UnsafeRawPointer? { UnsafeRawBufferPointer(rebasing: self).baseAddress }
}

extension Descriptor {
    /// The whole content; throws where there is more than the limit.
    package func content(limit: Int, _ path: String) throws -> Data {
        let size = try status(path).stamp.size
        guard size <= limit else { throw FileError.damaged(path: path, detail: "\(size) bytes are too many") }
        var data = Data(count: Int(size))
        var filled = 0
        while filled < data.count {
            let count = data.withUnsafeMutableBytes {
                pread(raw, $0.baseAddress! + filled, $0.count - filled, off_t(filled))
            }
            if count < 0 {
                if errno == EINTR { continue }
                throw FileError.last("read", path)
            }
            if count == 0 { throw FileError.changed(path: path) }
            filled += count
        }
        return data
    }
}
