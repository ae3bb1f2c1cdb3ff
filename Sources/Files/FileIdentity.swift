/// Which file or folder something is, whatever its name.
package struct FileIdentity: Hashable, Sendable {
    package let device: UInt64
    package let inode: UInt64
}

extension FileStamp {
    /// Which file this is of.
    package var identity: FileIdentity { FileIdentity(device: device, inode: inode) }
}
