import Foundation

extension Folder {
    /// Calls a function for every plain file below, folder by folder and in order of name; hidden ones are left out.
    ///
    /// - Parameters:
    ///   - except: Folders that are not entered, by device and inode.
    ///   - body: Gets the path and what the file is at the moment.
    package func forEachFile(
        except: Set<FileIdentity> = [], _ body: (SpoolPath, FileStamp) throws -> Void
    ) throws {
        var pending = [SpoolPath.root]
        while let path = pending.popLast() {
            let directory = try directory(path)
            var folders: [SpoolPath] = []
            let names = try Self.names(in: directory, display(path)).sorted { $0.lexicographicallyPrecedes($1) }
            for name in names where name.first != UInt8(ascii: ".") {
                let child = path.appending(name)
                guard let status = try Self.status(in: directory.raw, name[...], display(child)) else { continue }
                switch status.kind {
                case .file: try body(child, status.stamp)
                case .directory:
                    let identity = FileIdentity(device: status.stamp.device, inode: status.stamp.inode)
                    if !except.contains(identity) { folders.append(child) }
                case .refused: continue
                }
            }
            pending += folders.reversed()
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
