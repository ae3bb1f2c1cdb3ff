import Files
import Foundation
import Spool

/// Brings an index up to what lies in the outbox, looking only into what has changed.
///
/// A folder's stamp changes with the names in it: a result that is published, exchanged or chosen is told from its
/// parent's or its own. One thread alone may scan.
final class OutboxScan {
    private let outbox: Folder
    private let publisher: Publisher
    private let index: ResultIndex
    /// The folders that hold folders, as they were when they were listed.
    private var folders: [RelativePath: Listing] = [:]
    private var changes: [ResultIndex.Change] = []
    private static let batch = 500

    private struct Listing {
        let stamp: FileStamp
        /// The names of the folders in it.
        let names: Set<[UInt8]>
    }

    init(publisher: Publisher, index: ResultIndex) {
        self.publisher = publisher
        outbox = publisher.outbox
        self.index = index
    }

    private var found: [IndexEntry] = []
    private var removed: [RelativePath] = []

    /// Looks for changes.
    ///
    /// - Parameter isThorough: Whether every result is looked at; if not, those alone whose folder has changed.
    func update(isThorough: Bool) -> [ResultIndex.Change] {
        changes = []
        let known = folders
        if known.isEmpty || isThorough {
            walk(.root)
        } else {
            for (path, listing) in known.sorted(by: { $0.key < $1.key }) where folders[path] != nil {
                let now = try? outbox.directory(path).status(outbox.display(path)).stamp
                if now != listing.stamp { list(path, enters: false) }
            }
        }
        flush()
        index.completed()
        return changes
    }

    private func walk(_ path: RelativePath) {
        for child in list(path, enters: true) { walk(child) }
    }

    /// Lists a folder and looks at the folders in it; returns those that hold folders themselves.
    @discardableResult
    private func list(_ path: RelativePath, enters: Bool) -> [RelativePath] {
        guard let directory = try? outbox.directory(path), let stamp = try? directory.status("").stamp,
            let names = try? Folder.names(in: directory, outbox.display(path))
        else {
            forget(path)
            return []
        }
        var inner: [RelativePath] = []
        var present: Set<[UInt8]> = []
        for name in names where name.first != UInt8(ascii: ".") {
            guard let status = try? Folder.status(in: directory.raw, name[...], ""), status.kind == .directory else {
                continue
            }
            present.insert(name)
            let child = path.appending(name)
            if let old = index.entry(at: child), old.stamp == status.stamp, folders[child] == nil { continue }
            if look(child) { inner.append(child) }
        }
        let old = folders.updateValue(Listing(stamp: stamp, names: present), forKey: path)
        for name in old?.names.subtracting(present) ?? [] { forget(path.appending(name)) }
        if enters { return inner }
        for child in inner where folders[child] == nil { walk(child) }
        return []
    }

    /// Looks into a folder; true where it may hold folders.
    private func look(_ path: RelativePath) -> Bool {
        guard let directory = try? outbox.directory(path), let status = try? directory.status(""),
            let names = try? Folder.names(in: directory, outbox.display(path))
        else {
            forget(path)
            return false
        }
        if let entry = Self.entry(path, directory, status, names, publisher) {
            found.append(entry)
            if found.count >= Self.batch { flush() }
        } else if index.entry(at: path) != nil {
            removed.append(path)
        }
        // A folder without folders has two links where the file system counts them.
        if status.links == 2 { return false }
        return names.contains {
            $0.first != UInt8(ascii: ".")
                && (try? Folder.status(in: directory.raw, $0[...], ""))??.kind == .directory
        }
    }

    /// The entry of a folder that is a result.
    private static func entry(
        _ path: RelativePath, _ directory: Descriptor, _ status: FileStatus, _ names: [[UInt8]], _ publisher: Publisher
    ) -> IndexEntry? {
        guard let document = ResultFiles.document(among: names, of: path),
            let written = try? Folder.status(in: directory.raw, document[...], ""), written.kind == .file
        else { return nil }
        // One that cannot be read is none.
        let choice = names.contains(where: ResultName.choices.contains) ? try? publisher.choice(of: path) : nil
        return IndexEntry(
            path: path, stamp: status.stamp, document: document, published: written.stamp.modified, choice: choice)
    }

    /// The entry of a result as it is now; nil where there is none.
    static func entry(_ path: RelativePath, in outbox: Folder, _ publisher: Publisher) -> IndexEntry? {
        guard let directory = try? outbox.directory(path), let status = try? directory.status(""),
            let names = try? Folder.names(in: directory, outbox.display(path))
        else { return nil }
        return entry(path, directory, status, names, publisher)
    }

    private func forget(_ path: RelativePath) {
        if index.entry(at: path) != nil { removed.append(path) }
        for name in folders.removeValue(forKey: path)?.names ?? [] { forget(path.appending(name)) }
    }

    private func flush() {
        if found.isEmpty, removed.isEmpty { return }
        changes += index.apply(found, removed: removed)
        (found, removed) = ([], [])
    }
}
