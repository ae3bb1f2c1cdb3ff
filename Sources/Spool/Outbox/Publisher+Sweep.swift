import Files
import Foundation

extension Publisher {
    /// Begins the names of the hidden folders in which old results lie while new ones take their places.
    static let replacedPrefix = ".autochrome-replaced-"

    /// Gives results back that lost their names while they were replaced, removes the folders that earlier processes left
    /// unfinished, and returns their number.
    ///
    /// Folders that another process is at work in stay: on this machine those that are locked, on others those that are
    /// younger than a day.
    ///
    /// - Parameters:
    ///   - restores: Whether results are given back; only one of several machines may.
    ///   - unremovable: Gets the error of each unfinished folder that cannot be removed, and of each result that cannot be
    ///     given back.
    @discardableResult
    package func sweep(restores: Bool = true, unremovable: (any Error) -> Void) throws -> Int {
        var count = 0
        for name in try Folder.names(in: outbox.descriptor, outbox.path) where name.starts(with: Staging.prefix.utf8) {
            do {
                if name.starts(with: Self.replacedPrefix.utf8) {
                    // A result that cannot be given back stays for the next time.
                    if restores { try restore(RelativePath.root.appending(name), shelf: name) }
                    continue
                }
                let flags = O_RDONLY | O_DIRECTORY
                if try outbox.removeAbandoned(name, prefix: Staging.prefix, host: host, flags: flags) { count += 1 }
            } catch {
                unremovable(error)
            }
        }
        return count
    }

    /// Gives the results in a folder their names back, but for those that have a successor.
    private func restore(_ folder: RelativePath, shelf: [UInt8]) throws {
        let directory = try outbox.directory(folder)
        var isResult = false
        for name in try Folder.names(in: directory, outbox.display(folder)) {
            let child = folder.appending(name)
            if try Folder.status(in: directory.raw, name[...], outbox.display(child))?.kind == .directory {
                try restore(child, shelf: shelf)
            } else {
                isResult = true
            }
        }
        if isResult, let result = RelativePath(bytes: Array(folder.bytes.dropFirst(shelf.count + 1))), !result.isRoot {
            let holder = try outbox.directory(folder.parent)
            try putBack((holder.raw, folder.name), to: result)
        }
        outbox.removeEmpty(folder)
    }

    /// Gives an old result its name back, or removes it where another has that by now.
    func putBack(_ from: Folder.Place, to result: RelativePath) throws {
        let parent = try outbox.makeDirectories(result.parent)
        do {
            try publish(from, as: (parent.raw, result.name), path: outbox.display(result))
            try parent.synchronize(outbox.display(result))
        } catch FileError.occupied {
            try discard(from, path: outbox.display(result))
        }
    }

    /// Removes a result that has a successor, under a name that nobody gives back: a part of one must not be published.
    func discard(_ result: Folder.Place, path: String) throws {
        let name = Array(host.name(prefix: Staging.prefix).utf8)[...]
        try Folder.renamePlainly(result, (outbox.descriptor.raw, name), path: path)
        try Folder.removeTree(in: outbox.descriptor.raw, name, path: path)
    }
}
