import Dispatch
import Files
import Foundation

/// Keeps a second daemon away from the same state folder or inbox, until it is released with the process at the latest.
package final class InstanceLock: Sendable {
    private let file: Descriptor
    private let inbox: Descriptor
    private let queue = DispatchQueue(label: "autochrome.lock")
    /// Seconds between the signs of life that other machines look for.
    private static let beatSeconds = 2.0

    /// Takes both locks; throws `locked`, with the holder's process where it is known.
    package convenience init(configuration: SpoolConfiguration) throws {
        try self.init(configuration: configuration, host: .current, beatSeconds: Self.beatSeconds)
    }

    init(configuration: SpoolConfiguration, host: HostIdentity, beatSeconds: Double) throws {
        let path = configuration.state + "/lock"
        let raw = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o644)
        guard raw >= 0 else { throw FileError.last("open", path) }
        let file = Descriptor(owning: raw)
        let folder = open(configuration.inbox, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard folder >= 0 else { throw FileError.last("open directory", configuration.inbox) }
        let inbox = Descriptor(owning: folder)

        let isFree = Self.lock(file)
        let holder = Holder((try? file.content(limit: 256, path)) ?? Data())
        guard isFree else { throw SpoolError.locked(path: path, holder: holder.process) }
        // The lock may hold on this machine alone: then another one's daemon is told by its signs of life.
        if let other = holder.host, other != host.host, try Self.isBeating(path, seconds: 3 * beatSeconds) {
            throw SpoolError.locked(path: path, holder: holder.process + " of another machine")
        }
        // The folder itself is locked, so that its names and other mounts of it do not matter. Some network file systems
        // lock no folders; there the first lock must do.
        if flock(inbox.raw, LOCK_EX | LOCK_NB) != 0, errno == EWOULDBLOCK {
            throw SpoolError.locked(path: configuration.inbox, holder: "")
        }
        ftruncate(file.raw, 0)
        try file.write(Data("\(getpid())\n\(host.host)\n".utf8), path)
        self.file = file
        self.inbox = inbox
        beat(every: beatSeconds)
    }

    /// Changes the file's time again and again, for as long as this lives.
    private func beat(every seconds: Double) {
        queue.asyncAfter(deadline: .now() + seconds) { [weak self] in
            guard let self else { return }
            futimens(file.raw, nil)
            beat(every: seconds)
        }
    }

    deinit {
        // A file without a holder needs no wait for signs of life.
        ftruncate(file.raw, 0)
        // A process that is just being started may have copies of the descriptors, and would hold the locks on.
        flock(inbox.raw, LOCK_UN)
        flock(file.raw, LOCK_UN)
    }

    /// The holder that a lock's file names.
    private struct Holder {
        let process: String
        /// Nil where nobody holds it, or an older version does.
        let host: String?

        init(_ content: Data) {
            let lines = String(decoding: content, as: UTF8.self).split(separator: "\n").map(String.init)
            process = lines.first ?? ""
            host = lines.count > 1 ? lines[1] : nil
        }
    }

    /// Takes a lock; waits a moment, since `isHeld` of another process takes it to find out.
    private static func lock(_ file: Descriptor) -> Bool {
        for _ in 0..<10 {
            if flock(file.raw, LOCK_EX | LOCK_NB) == 0 { return true }
            usleep(10_000)
        }
        return false
    }

    /// Whether the time of a file changes within some seconds.
    private static func isBeating(_ path: String, seconds: Double) throws -> Bool {
        var first: FileStamp?
        for _ in 0..<30 {
            // Opening asks the server of a network file system, which looking does not always do.
            let raw = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
            guard raw >= 0 else { throw FileError.last("open", path) }
            let stamp = try Descriptor(owning: raw).status(path).stamp
            if let first, first != stamp { return true }
            first = stamp
            usleep(UInt32(seconds / 30 * 1e6))
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
