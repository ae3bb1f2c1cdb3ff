import Digest
import CInotifyTools
import Foundation
import Synchronization

/// Puts results into the outbox, each whole or not at all.
package final class Publisher: Sendable {
    package let outbox: Folder
    private let reserve: Int64
    /// Deciding on a name and taking it is one step.
    private let naming = Mutex(())

    /// A publisher for a folder that is there.
    ///
    /// - Parameter reserveBytes: Bytes that must stay free beyond what a piece of work needs.
    package init(outbox: String, reserveBytes: Int64) throws {
        self.outbox = try Folder(outbox)
        reserve = reserveBytes
    }

    /// A publisher for a configuration whose folders `prepare()` has made.
    package convenience init(configuration: SpoolConfiguration) throws {
        try self.init(outbox: configuration.outbox, reserveBytes: configuration.reserveBytes)
    }

    /// Removes what earlier processes left unfinished, and returns how many folders that were.
    ///
    /// Folders that another process is at work in stay.
    @discardableResult
    package func sweep() throws -> Int {
        var count = 0
        for name in try Folder.names(in: outbox.descriptor, outbox.path) where name.starts(with: Staging.prefix.utf8) {
            let path = outbox.display(SpoolPath.root.appending(name))
            guard
                let directory = try? Descriptor.open(
                    outbox.descriptor.raw, name[...], O_RDONLY | O_DIRECTORY, path: path),
                flock(directory.raw, LOCK_EX | LOCK_NB) == 0
            else { continue }
            try Folder.removeTree(in: outbox.descriptor.raw, name[...], path: path)
            count += 1
        }
        return count
    }

    /// Bytes that may still be written to the outbox.
    package func freeSpace() throws -> Int64 { try outbox.descriptor.freeSpace(outbox.path) }

    /// Throws `noSpace` where the outbox lacks room for a piece of work of so many bytes.
    package func requireSpace(_ bytes: Int64) throws {
        let needed = bytes + reserve
        let available = try freeSpace()
        if available < needed { throw SpoolError.noSpace(path: outbox.path, needed: needed, available: available) }
    }

    /// Makes a hidden folder to put a result together in.
    package func stage() throws -> Staging {
        try Staging(in: outbox)
    }

    /// Publishes a source's result where its name and those of others allow, in the place of its last one if it has one.
    ///
    /// - Parameters:
    ///   - previous: Where the source's last result lies, as far as known; it is replaced if it is there.
    ///   - replacesOther: Whether the source's result of other content is replaced; if not, it stays beside this one.
    /// - Returns: The folder in the outbox.
    package func publish(
        _ staging: Staging, source: SpoolPath, content: ContentHash, previous: SpoolPath? = nil,
        replacesOther: Bool = true
    ) throws -> SpoolPath {
        try staging.seal()
        return try naming.withLock { _ in
            let places = ResultName.places(of: source, content: content)
            let last = previous.flatMap { $0.parent == source.parent ? [$0] : nil } ?? []
            for place in last + places {
                guard let status = try outbox.status(place) else {
                    if last.contains(place) && !places.contains(place) { continue }
                    try move(staging, to: place, replacing: false)
                    return place
                }
                // One that cannot be read is replaced by nobody, and is in the way of its own source alone.
                guard status.kind == .directory,
                    let old = last.contains(place) ? try result(at: place) : try? result(at: place),
                    old.source == source,
                    replacesOther || old.identity.content == content, try isFlat(place)
                else { continue }
                try move(staging, to: place, replacing: true)
                return place
            }
            throw SpoolError.occupied(path: outbox.display(places[0]))
        }
    }

    /// Publishes a result at a given place.
    ///
    /// - Parameter replacing: Whether a result that lies there is exchanged for this; if not, `occupied` is thrown.
    package func publish(_ staging: Staging, as result: SpoolPath, replacing: Bool) throws {
        try staging.seal()
        try naming.withLock { _ in
            let isTaken = try outbox.status(result) != nil
            if isTaken, replacing, try !isFlat(result) { throw SpoolError.occupied(path: outbox.display(result)) }
            try move(staging, to: result, replacing: isTaken && replacing)
        }
    }

    /// Where a source's result of this very work lies; nil where it does not.
    ///
    /// - Parameter isAnothers: Says of a result that cannot be read whether it is known to be of another source, and so
    ///   no reason to throw.
    package func find(
        source: SpoolPath, identity: WorkIdentity, isAnothers: (SpoolPath) throws -> Bool = { _ in false }
    ) throws -> SpoolPath? {
        try ResultName.places(of: source, content: identity.content).first { place in
            do {
                guard let result = try result(at: place) else { return false }
                return result.source == source && result.identity == identity
            } catch {
                if (try? isAnothers(place)) == true { return false }
                throw error
            }
        }
    }

    /// Whether a folder holds other folders, such as results of files that lie in a folder of the source's name.
    private func isFlat(_ path: SpoolPath) throws -> Bool {
        let directory = try outbox.directory(path)
        for name in try Folder.names(in: directory, outbox.display(path)) {
            let child = path.appending(name)
            if try Folder.status(in: directory.raw, name[...], outbox.display(child))?.kind == .directory {
                return false
            }
        }
        return true
    }

    private func move(_ staging: Staging, to result: SpoolPath, replacing: Bool) throws {
        precondition(!result.isRoot, "the outbox itself is no result")
        let root = outbox.descriptor.raw
        let path = outbox.display(result)
        let parent = try outbox.makeDirectories(result.parent)
        let from = (root, staging.name[...])
        let to = (parent.raw, result.name)
        if replacing {
            if try !Folder.rename(from, to, .exchange, path: path) {
                // Without exchange there is a moment without a result; a crash in it means the work is done again.
                let aside = SpoolPath.root.appending(staging.name + ".old".utf8)
                try plainRename(to, (root, aside.name), path)
                try plainRename(from, to, path)
                try parent.synchronize(path)
                try? Folder.removeTree(in: root, aside.name, path: outbox.display(aside))
            }
        } else if try !Folder.rename(from, to, .noReplace, path: path) {
            // A plain rename replaces an empty folder at most.
            guard try Folder.status(in: to.0, to.1, path) == nil else { throw SpoolError.occupied(path: path) }
            try plainRename(from, to, path)
        }
        try parent.synchronize(path)
        try outbox.descriptor.synchronize(outbox.path)
        // What has the hidden name now, if anything, is the old result.
        try? Folder.removeTree(in: root, staging.name[...], path: staging.path)
    }

    private func plainRename(
        _ from: (Int32, ArraySlice<UInt8>), _ to: (Int32, ArraySlice<UInt8>), _ path: String
    ) throws {
        let status = from.1.withCString { old in to.1.withCString { new in renameat(from.0, old, to.0, new) } }
        guard status == 0 else { throw SpoolError.last("rename", path) }
    }
}
