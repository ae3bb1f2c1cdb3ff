import Digest
import Files
import Foundation
import Synchronization

/// A hidden folder in the outbox in which a result is put together.
///
/// It is locked for as long as this lives, so that a sweep leaves it alone; it is removed with this unless it was
/// published.
package final class Staging: Sendable {
    package static let prefix = Folder.hiddenPrefix

    /// The absolute path, for encoders that write files into it.
    package let path: String
    let name: [UInt8]
    /// Holds the lock.
    let directory: Descriptor
    private let outbox: Folder
    private static let attempts = 100
    /// What a person should know of the choice that was taken over when this was published.
    let remarks = Mutex<[String]>([])
    private let hashes = Mutex<[[UInt8]: ContentHash]>([:])

    init(in outbox: Folder, host: HostIdentity) throws {
        self.outbox = outbox
        for _ in 0..<Self.attempts {
            let name = host.name(prefix: Self.prefix)
            let bytes = Array(name.utf8)
            let display = outbox.path + "/" + name
            guard bytes[...].withCString({ mkdirat(outbox.descriptor.raw, $0, 0o777) }) == 0 else {
                if errno == EEXIST { continue }
                throw FileError.last("make directory", display)
            }
            // A sweep may come between the making and the locking: then try another name. Where nothing can be locked,
            // nothing is swept either.
            guard
                let directory = try? Descriptor.open(
                    outbox.descriptor.raw, bytes[...], O_RDONLY | O_DIRECTORY, path: display),
                flock(directory.raw, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK,
                try Folder.status(in: outbox.descriptor.raw, bytes[...], display) != nil
            else { continue }
            self.name = bytes
            self.directory = directory
            path = display
            return
        }
        throw FileError.last("make a hidden folder in", outbox.path)
    }

    deinit {
        // An error needs no report: the next start sweeps the folder. After an exchange this is the old result.
        try? Folder.removeTree(in: outbox.descriptor.raw, name[...], path: path)
    }

    /// Writes a file, and remembers the content that must be read back when it is published.
    package func write(_ content: Data, as file: [UInt8]) throws {
        let flags = O_WRONLY | O_CREAT | O_EXCL
        let target = try Descriptor.open(directory.raw, file[...], flags, path: display(file))
        try target.write(content, display(file))
        expect(file, ContentHash(of: content))
    }

    /// Remembers the content that must be read back of a file that an encoder has written.
    package func expect(_ file: [UInt8], _ hash: ContentHash) {
        hashes.withLock { $0[file] = hash }
    }

    /// Brings every file to the disk, reads it back and compares it, and brings the folder to the disk.
    func seal() throws {
        var expected = hashes.withLock { $0 }
        let files = try Folder.names(in: directory, path).map { name in
            let shown = display(name)
            let file = try Descriptor.open(directory.raw, name[...], O_RDONLY, path: shown)
            guard try file.status(shown).kind == .file else {
                throw FileError.damaged(path: shown, detail: "it is not a plain file")
            }
            // All of them are on their way before any is waited for: that is one commit of a journal, and not many.
            file.beginSynchronizing()
            let hash = try expected.removeValue(forKey: name) ?? ContentHash(descriptor: file.raw, path: shown)
            return (file: file, hash: hash, shown: shown)
        }
        if let missing = expected.keys.first { throw FileError.damaged(path: display(missing), detail: "it is gone") }
        for (file, hash, shown) in files {
            try file.synchronize(shown)
            // Without its cached pages the file is read from the disk, where the system can drop them.
            _ = posix_fadvise(file.raw, 0, 0, POSIX_FADV_DONTNEED)
            guard try ContentHash(descriptor: file.raw, path: shown) == hash else {
                throw FileError.damaged(path: shown, detail: "the content differs")
            }
        }
        try directory.synchronize(path)
    }

    /// What a person should know of the choice that was taken over from the result whose place this took.
    package var choiceRemarks: [String] { remarks.withLock { $0 } }

    /// Gives the lock up, once the folder has a name of its own.
    func unlock() { flock(directory.raw, LOCK_UN) }

    private func display(_ file: [UInt8]) -> String {
        path + "/" + RelativePath.escape(file[...])
    }
}

extension Staging {
    /// Writes a file, and remembers the content that must be read back when it is published.
    package func write(_ content: Data, as file: String) throws {
        try write(content, as: Array(file.utf8))
    }

    /// Remembers the content that must be read back of a file that an encoder has written.
    package func expect(_ file: String, _ hash: ContentHash) {
        expect(Array(file.utf8), hash)
    }
}
