import Foundation

/// An entry of the file system: its kind, stamp and number of links.
package struct FileStatus {
    package enum Kind: Equatable {
        case file
        case directory
        /// Neither a plain file nor a directory.
        case special(SpecialKind)
    }

    package let stamp: FileStamp
    package let kind: Kind
    package let links: UInt64

    package init(_ status: stat) {
        stamp = FileStamp(
            device: UInt64(status.st_dev), inode: UInt64(status.st_ino), size: Int64(status.st_size),
            modified: Int64(status.st_mtim.tv_sec) * 1_000_000_000 + Int64(status.st_mtim.tv_nsec))
        links = UInt64(status.st_nlink)
        kind =
            switch status.st_mode & S_IFMT {
            case S_IFREG: .file
            case S_IFDIR: .directory
            case S_IFLNK: .special(.symbolicLink)
            case S_IFIFO: .special(.fifo)
            case S_IFSOCK: .special(.socket)
            case S_IFBLK, S_IFCHR: .special(.device)
            default: .special(.other)
            }
    }
}

/// The kind of an entry that is neither a plain file nor a directory.
package enum SpecialKind: String, Sendable {
    case symbolicLink = "a symbolic link"
    case fifo = "a FIFO"
    case socket = "a socket"
    case device = "a device"
    case other = "not a plain file"
}
