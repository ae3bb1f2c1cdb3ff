/// A file's device, inode, size and time, which tell one content from another without reading it.
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

    /// The file that this is of.
    package var identity: FileIdentity { FileIdentity(device: device, inode: inode) }
}

/// A file or folder, whatever its name: device and inode.
package struct FileIdentity: Hashable, Sendable {
    package let device: UInt64
    package let inode: UInt64
}
