import Files
import Foundation
import Synchronization

/// The folders of inbox and outbox, and the ids under which they are handed out.
///
/// What was listed once is kept: a folder of the inbox is listed again where its stamp has changed.
final class FolderBook: Sendable {
    private struct Listing {
        let stamp: FileStamp
        let folders: [RelativePath]
        /// Whether the stamp was old enough to tell of every later change.
        let isSettled: Bool
    }

    private struct State {
        var ids: [RelativePath: DeskID] = [:]
        var paths: [DeskID: RelativePath] = [:]
        var listings: [RelativePath: Listing] = [:]

        mutating func id(_ path: RelativePath) -> DeskID {
            if let id = ids[path] { return id }
            let id = DeskID(.folder, path)
            (ids[path], paths[id]) = (id, path)
            return id
        }
    }

    /// Folders of the inbox at most.
    private static let limit = 10_000
    /// Nanoseconds within which a folder may change again under the same time: clocks of file systems are coarse.
    private static let coarseness: Int64 = 2_000_000_000

    private let inbox: Folder
    private let index: ResultIndex
    private let state = Mutex(State())

    init(inbox: Folder, index: ResultIndex) {
        self.inbox = inbox
        self.index = index
    }

    /// The id of a folder.
    func id(_ path: RelativePath) -> DeskID { state.withLock { $0.id(path) } }

    /// The folder that has an id: one that has results in it or below, or one of the inbox.
    func path(_ id: DeskID) throws -> RelativePath? {
        if let known = state.withLock({ $0.paths[id] }) { return try isThere(known) ? known : nil }
        for folder in index.folders.keys { _ = self.id(folder) }
        for folder in try inboxFolders() { _ = self.id(folder) }
        return state.withLock { $0.paths[id] }
    }

    private func isThere(_ path: RelativePath) throws -> Bool {
        try path.isRoot || index.folders[path] != nil || inbox.status(path)?.kind == .directory
    }

    /// The folders of the inbox, as anybody would list them.
    func inboxFolders() throws -> [RelativePath] {
        let known = state.withLock { $0.listings }
        var listings: [RelativePath: Listing] = [:]
        var found: [RelativePath] = []
        var pending = [RelativePath.root]
        while let path = pending.popLast(), found.count < Self.limit {
            guard let listing = try listing(path, known[path]) else { continue }
            listings[path] = listing
            found.append(path)
            pending += listing.folders.reversed()
        }
        state.withLock { $0.listings = listings }
        return found
    }

    /// A folder as it is now; nil where it cannot be read.
    private func listing(_ path: RelativePath, _ known: Listing?) throws -> Listing? {
        do {
            let directory = try inbox.directory(path)
            let stamp = try directory.status(inbox.display(path)).stamp
            if let known, known.isSettled, known.stamp == stamp { return known }
            let now = Int64(Date().timeIntervalSince1970 * 1e9)
            let names = try Folder.names(in: directory, inbox.display(path)).filter { $0.first != UInt8(ascii: ".") }
            let folders = names.sorted { $0.lexicographicallyPrecedes($1) }.filter {
                (try? Folder.status(in: directory.raw, $0[...], ""))??.kind == .directory
            }
            return Listing(
                stamp: stamp, folders: folders.map(path.appending), isSettled: now - stamp.modified >= Self.coarseness)
        } catch {
            if path.isRoot { throw error }
            return nil
        }
    }
}
