import Foundation

extension Folder {
    /// Nanoseconds after which another machine's work cannot be in hand any more.
    private static let patience: Int64 = 86_400 * 1_000_000_000

    /// Removes a hidden file or folder of the root that its process has left; false where a process is at work in it.
    ///
    /// A process of this machine has it locked; another machine's has changed it within a day, and this machine's before
    /// its last start counts as another's, since cloned machines may have one name.
    ///
    /// - Parameter flags: To open it with; what cannot be opened so is left alone.
    package func removeAbandoned(_ name: [UInt8], prefix: String, host: HostIdentity, flags: Int32) throws -> Bool {
        let path = display(RelativePath.root.appending(name))
        guard let entry = try? Descriptor.open(descriptor.raw, name[...], flags, path: path),
            flock(entry.raw, LOCK_EX | LOCK_NB) == 0,
            try HostIdentity(name: name, prefix: prefix) == host || isOld(entry, path, prefix, host)
        else { return false }
        try Self.removeTree(in: descriptor.raw, name[...], path: path)
        return true
    }

    /// Whether nothing has happened in a file or folder for longer than any work takes.
    private func isOld(_ entry: Descriptor, _ path: String, _ prefix: String, _ host: HostIdentity) throws -> Bool {
        guard let now = now(prefix, host) else { return false }
        let status = try entry.status(path)
        var latest = status.stamp.modified
        if status.kind == .directory {
            for name in try Self.names(in: entry, path) {
                latest = max(latest, try Self.status(in: entry.raw, name[...], path)?.stamp.modified ?? latest)
            }
        }
        return now - latest > Self.patience
    }

    /// The file system's own time, since machines' clocks may differ; nil where nothing can be written.
    private func now(_ prefix: String, _ host: HostIdentity) -> Int64? {
        let name = Array(host.name(prefix: prefix).utf8)[...]
        let flags = O_WRONLY | O_CREAT | O_EXCL
        guard let probe = try? Descriptor.open(descriptor.raw, name, flags, path: path) else { return nil }
        defer { _ = name.withCString { unlinkat(descriptor.raw, $0, 0) } }
        return try? probe.status(path).stamp.modified
    }
}
