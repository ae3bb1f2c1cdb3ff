import CInotifyTools
import Foundation

/// A file descriptor that closes itself.
package struct Descriptor: ~Copyable, Sendable {
    package let raw: Int32

    /// Takes over an open descriptor.
    package init(owning raw: Int32) {
        precondition(raw >= 0, "not an open descriptor")
        self.raw = raw
    }

    deinit { close(raw) }

    /// Opens a name within a directory, never through a symbolic link and never waiting for a FIFO's other end.
    static func open(
        _ directory: Int32, _ name: ArraySlice<UInt8>, _ flags: Int32, mode: mode_t = 0o666, path: String
    ) throws -> Descriptor {
        let raw = name.withCString {
            openat(directory, $0, flags | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, mode)
        }
        guard raw >= 0 else { throw SpoolError.last("open", path) }
        return Descriptor(owning: raw)
    }

    /// What the descriptor refers to.
    func status(_ path: String) throws -> FileStatus {
        var buffer = stat()
        guard fstat(raw, &buffer) == 0 else { throw SpoolError.last("examine", path) }
        return FileStatus(buffer)
    }

    /// Bytes that may still be written to its file system.
    func freeSpace(_ path: String) throws -> Int64 {
        var status = statvfs()
        guard fstatvfs(raw, &status) == 0 else { throw SpoolError.last("examine the file system of", path) }
        // Some file systems count no inodes.
        if status.f_files > 0 && status.f_favail < 64 { return 0 }
        return Int64(clamping: UInt64(status.f_bavail) * UInt64(status.f_frsize))
    }

    /// Waits until everything written is on the disk.
    func synchronize(_ path: String) throws {
        guard fsync(raw) == 0 else { throw SpoolError.last("sync", path) }
    }

    /// Writes all the bytes.
    func write(_ content: some ContiguousBytes, _ path: String) throws {
        try content.withUnsafeBytes { bytes in
            var rest = bytes[...]
            while !rest.isEmpty {
                let count = Foundation.write(raw, rest.baseAddress!, rest.count)
                if count < 0 {
                    if errno == EINTR { continue }
                    throw SpoolError.last("write", path)
                }
                rest = rest.dropFirst(count)
            }
        }
    }
}

extension Slice<UnsafeRawBufferPointer> {
    fileprivate var baseAddress: UnsafeRawPointer? { UnsafeRawBufferPointer(rebasing: self).baseAddress }
}

/// What tells one content of a file from another without reading it.
package struct FileStamp: Hashable, Sendable {
    package let device: UInt64
    package let inode: UInt64
    /// Bytes.
    package let size: Int64
    /// Nanoseconds since 1970.
    package let modified: Int64

    /// The stamp of no file: whatever arrives counts as changed.
    package static let unknown = FileStamp(device: 0, inode: 0, size: -1, modified: 0)

    package init(device: UInt64, inode: UInt64, size: Int64, modified: Int64) {
        self.device = device
        self.inode = inode
        self.size = size
        self.modified = modified
    }

    /// Whether two stamps, perhaps from before and after a restart, are of the same content.
    ///
    /// The device is left out, since its number may change when the machine restarts.
    package func matches(_ other: FileStamp) -> Bool {
        inode == other.inode && size == other.size && modified == other.modified
    }
}

/// What the file system says about an entry.
struct FileStatus {
    enum Kind: Equatable {
        case file
        case directory
        case refused(Refusal.Reason)
    }

    let stamp: FileStamp
    let kind: Kind
    let links: UInt64

    init(_ status: stat) {
        stamp = FileStamp(
            device: UInt64(status.st_dev), inode: UInt64(status.st_ino), size: Int64(status.st_size),
            modified: Int64(status.st_mtim.tv_sec) * 1_000_000_000 + Int64(status.st_mtim.tv_nsec))
        links = UInt64(status.st_nlink)
        kind =
            switch status.st_mode & S_IFMT {
            case S_IFREG: .file
            case S_IFDIR: .directory
            case S_IFLNK: .refused(.symbolicLink)
            case S_IFIFO: .refused(.fifo)
            case S_IFSOCK: .refused(.socket)
            case S_IFBLK, S_IFCHR: .refused(.device)
            default: .refused(.special)
            }
    }
}
