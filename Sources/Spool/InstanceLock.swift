import Files
import Foundation

/// Keeps a second daemon away from the same state folder or inbox, until it is released with the process at the latest.
package final class InstanceLock: Sendable {
    private let file: Descriptor
    private let inbox: Descriptor

    /// Takes both locks; throws `locked`, with the holder's process where it is known.
    package init(configuration: SpoolConfiguration) throws {
        let path = configuration.state + "/lock"
        let raw = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o644)
        guard raw >= 0 else { throw FileError.last("open", path) }
        file = Descriptor(owning: raw)
        let folder = open(configuration.inbox, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard folder >= 0 else { throw FileError.last("open directory", configuration.inbox) }
        inbox = Descriptor(owning: folder)

        guard Self.lock(file) else {
            let holder = (try? file.content(limit: 64, path)).map { String(decoding: $0, as: UTF8.self) } ?? ""
            throw SpoolError.locked(path: path, holder: holder.trimmingCharacters(in: .whitespacesAndNewlines))
        }
        // The folder itself is locked, so that its names and other mounts of it do not matter. Some network file systems
        // lock no folders; there the first lock must do.
        if flock(inbox.raw, LOCK_EX | LOCK_NB) != 0, errno == EWOULDBLOCK {
            throw SpoolError.locked(path: configuration.inbox, holder: "")
        }
        ftruncate(file.raw, 0)
        try file.write(Data("\(getpid())\n".utf8), path)
    }

    /// Takes a lock; waits a moment, since `isHeld` of another process takes it to find out.
    private static func lock(_ file: Descriptor) -> Bool {
        for _ in 0..<10 {
            if flock(file.raw, LOCK_EX | LOCK_NB) == 0 { return true }
            usleep(10_000)
        }
        return false
    }
}

extension InstanceLock {
    /// Whether a daemon holds the lock of a state folder.
    package static func isHeld(state: String) -> Bool {
        let raw = open(state + "/lock", O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        guard raw >= 0 else { return false }
        let probe = Descriptor(owning: raw)
        return flock(probe.raw, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK
    }
}
