import Digest
import Files
import Foundation
import Synchronization

/// Puts results into the outbox, each whole or not at all.
package final class Publisher: Sendable {
    package let outbox: Folder
    let host: HostIdentity
    private let reserve: Int64
    /// Deciding on a name and taking it is one step.
    let naming = Mutex(())

    /// A publisher for a folder that is there.
    ///
    /// - Parameter reserveBytes: Bytes that must stay free beyond the need of a piece of work.
    package convenience init(outbox: String, reserveBytes: Int64) throws {
        try self.init(outbox: outbox, reserveBytes: reserveBytes, host: .current)
    }

    init(outbox: String, reserveBytes: Int64, host: HostIdentity) throws {
        self.outbox = try Folder(outbox)
        self.host = host
        reserve = reserveBytes
    }

    /// A publisher for a configuration whose folders `prepare()` has made.
    package convenience init(configuration: SpoolConfiguration) throws {
        try self.init(outbox: configuration.outbox, reserveBytes: configuration.reserveBytes)
    }

    /// Bytes that may still be written to the outbox.
    package func freeSpace() throws -> Int64 { try outbox.descriptor.freeSpace(outbox.path) }

    /// Throws `noSpace` where the outbox lacks room for a piece of work of so many bytes.
    package func requireSpace(_ bytes: Int64) throws {
        let needed = bytes + reserve
        let available = try freeSpace()
        if available < needed { throw FileError.noSpace(path: outbox.path, needed: needed, available: available) }
    }

    /// Makes a hidden folder to put a result together in.
    package func stage() throws -> Staging {
        try Staging(in: outbox, host: host)
    }

    /// Publishes a source's result where its name and those of others allow, in the place of its last one if it has one.
    ///
    /// - Parameters:
    ///   - previous: Where the source's last result lies, as far as known; it is replaced if it is there.
    ///   - replacesOther: Whether the source's result of other content is replaced; if not, it stays beside this one.
    /// - Returns: The folder in the outbox.
    package func publish(
        _ staging: Staging, source: RelativePath, content: ContentHash, previous: RelativePath? = nil,
        replacesOther: Bool = true
    ) throws -> RelativePath {
        try staging.seal()
        let wanted = WantedPlace(
            source: source, content: content, previous: previous, replacesOther: replacesOther)
        return try naming.withLock { _ in
            for place in wanted.all where try publish(staging, at: place, wanted) { return place }
            throw FileError.occupied(path: outbox.display(wanted.own[0]))
        }
    }

    /// Publishes at one of the places that a source's result may have; false where another entry has it.
    private func publish(_ staging: Staging, at place: RelativePath, _ wanted: WantedPlace) throws -> Bool {
        try racing { isRaced in
            guard try outbox.status(place) != nil else {
                if !wanted.own.contains(place) { return false }
                try move(staging, to: place, replacing: false)
                return true
            }
            guard let old = try replaceable(at: place, by: wanted) else { return false }
            // Another process was first with this very work: its result will do.
            if isRaced, try staging.result(of: wanted.source)?.identity == old.identity { return true }
            try move(staging, to: place, replacing: true)
            return true
        }
    }

    /// The older result of a source that a new one may take the place of; nil where something else has it.
    func replaceable(at place: RelativePath, by wanted: WantedPlace) throws -> PublishedResult? {
        // A result that cannot be read is replaced by nobody, and is in the way of its own source alone.
        guard try outbox.status(place)?.kind == .directory,
            let old = place == wanted.last ? try result(at: place) : try? result(at: place),
            old.source == wanted.source, wanted.replacesOther || old.identity.content == wanted.content,
            try isFlat(place)
        else { return nil }
        return old
    }

    /// Publishes a result at a given place.
    ///
    /// - Parameter replacing: Whether a result that lies there is exchanged for this; if not, `occupied` is thrown.
    package func publish(_ staging: Staging, as result: RelativePath, replacing: Bool) throws {
        try staging.seal()
        try naming.withLock { _ in
            let isPlaced = try racing { _ in
                let isTaken = try outbox.status(result) != nil
                if isTaken, try !replacing || !isFlat(result) { return false }
                try move(staging, to: result, replacing: isTaken)
                return true
            }
            if !isPlaced { throw FileError.occupied(path: outbox.display(result)) }
        }
    }

    /// Decides again where another process took or left a name between the look at it and the rename.
    private func racing<Value>(_ decide: (_ isRaced: Bool) throws -> Value) throws -> Value {
        for attempt in 0..<10 {
            do {
                return try decide(attempt > 0)
            } catch FileError.occupied, FileError.missing {
                continue
            }
        }
        return try decide(true)
    }

    /// The place of a source's result of this very work; nil where there is none.
    ///
    /// - Parameter isAnothers: Says of a result that cannot be read whether it is known to be of another source, and so
    ///   no reason to throw.
    package func find(
        source: RelativePath, identity: WorkIdentity, isAnothers: (RelativePath) throws -> Bool = { _ in false }
    ) throws -> RelativePath? {
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
    func isFlat(_ path: RelativePath) throws -> Bool {
        let directory = try outbox.directory(path)
        for name in try Folder.names(in: directory, outbox.display(path)) {
            let child = path.appending(name)
            if try Folder.status(in: directory.raw, name[...], outbox.display(child))?.kind == .directory {
                return false
            }
        }
        return true
    }

    func move(_ staging: Staging, to result: RelativePath, replacing: Bool) throws {
        precondition(!result.isRoot, "the outbox itself is no result")
        let root = outbox.descriptor.raw
        let path = outbox.display(result)
        let parent = try outbox.makeDirectories(result.parent)
        let from = (root, staging.name[...])
        let to = (parent.raw, result.name)
        if replacing {
            let successor = Successor(directory: staging.directory, display: staging.path)
            let remarks = try supersede(to, by: from, at: result, parent, successor).remarks
            staging.remarks.withLock { $0 = remarks }
        } else {
            try publish(from, as: to, path: path)
        }
        try parent.synchronize(path)
        try outbox.descriptor.synchronize(outbox.path)
        staging.unlock()
        // After an exchange the old result has the hidden name.
        try? Folder.removeTree(in: root, staging.name[...], path: staging.path)
    }

    /// Gives a result the place of an older one, whose choice it takes over.
    ///
    /// - Returns: Whether the older one has the new one's former name now, or is gone; and what a person should know about
    ///   the choice.
    func supersede(
        _ old: Folder.Place, by new: Folder.Place, at result: RelativePath, _ parent: Descriptor,
        _ successor: Successor
    ) throws -> (isBeside: Bool, remarks: [String]) {
        let path = outbox.display(result)
        var predecessor = try carryChoice(of: result, into: successor)
        let isExchanged = try Folder.rename(new, old, .exchange, path: path)
        let isLost = try isExchanged && Folder.status(in: old.directory, old.name, path) == nil
        if !isExchanged {
            try replace(old, by: new, result, parent) {
                try carryChoiceAgain(of: &predecessor, at: result, into: successor)
            }
        } else if isLost {
            // Some file systems claim an exchange and lose the entry that had the name.
            guard try Folder.status(in: new.directory, new.name, path) != nil else {
                throw FileError.damaged(path: path, detail: "an exchange of names has lost both")
            }
            try publish(new, as: old, path: path)
        }
        try carryChoiceAgain(of: &predecessor, at: result, into: successor)
        return (isExchanged && !isLost, predecessor.remarks)
    }

    /// Renames a folder to a name that is free; throws `occupied` where somebody was first.
    func publish(_ from: Folder.Place, as to: Folder.Place, path: String) throws {
        if try Folder.rename(from, to, .noReplace, path: path) { return }
        // An empty folder would lose its name.
        guard try Folder.status(in: to.directory, to.name, path) == nil else { throw FileError.occupied(path: path) }
        try Folder.renamePlainly(from, to, path: path)
    }

    /// Replaces a result where names cannot be exchanged.
    ///
    /// There is a moment without a result. The old one lies hidden under its own path then, so that a sweep can give it
    /// back, and of several processes one alone gets hold of it.
    ///
    /// - Parameter beforeRemoval: Called when the new one has the name, and the old one is still there.
    private func replace(
        _ old: Folder.Place, by new: Folder.Place, _ result: RelativePath, _ parent: Descriptor,
        beforeRemoval: () throws -> Void
    ) throws {
        let path = outbox.display(result)
        let shelf = RelativePath.root.appending(host.name(prefix: Self.replacedPrefix))
        let aside = shelf.appending(result.bytes)
        let holder = try outbox.makeDirectories(aside.parent)
        defer { outbox.removeEmpty(aside.parent) }
        try Folder.renamePlainly(old, (holder.raw, aside.name), path: path)
        do {
            try holder.synchronize(path)
            try publish(new, as: old, path: path)
            try parent.synchronize(path)
        } catch {
            try? putBack((holder.raw, aside.name), to: result)
            throw error
        }
        try beforeRemoval()
        // What stays is whole, and removed by the next sweep.
        try? discard((holder.raw, aside.name), path: path)
    }
}
