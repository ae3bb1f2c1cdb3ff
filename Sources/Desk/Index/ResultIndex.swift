import Files
import Foundation
import Synchronization

/// The results of the outbox, in memory: what the wall is listed, searched and filtered from.
///
/// It is never the truth; `OutboxScan` brings it up to what lies in the outbox.
final class ResultIndex: Sendable {
    private struct State {
        /// The newest first.
        var sorted: [IndexEntry] = []
        /// The same by name.
        var named: [IndexEntry] = []
        var byID: [DeskID: IndexEntry] = [:]
        var byPath: [RelativePath: IndexEntry] = [:]
        var folders: [RelativePath: FolderCount] = [.root: FolderCount()]
        var isComplete = false
    }

    private let state = Mutex(State())

    /// What lies in a folder itself.
    struct FolderCount: Sendable, Equatable {
        var results = 0
        var chosen = 0
        /// Folders in it that have results in them or below.
        fileprivate var inner = 0
    }

    /// A change of one result.
    enum Change: Sendable, Equatable {
        case added(DeskID)
        case changed(DeskID)
        case removed(DeskID)
    }

    enum Filter: String, CaseIterable, Sendable {
        case all, new, chosen, unchosen
        case inHand = "in-hand"
        case failed
        case leftAlone = "left-alone"

        /// Whether it lists photographs of the queue.
        var isOfQueue: Bool { self == .inHand || self == .failed || self == .leftAlone }

        /// Seconds for which a result without a choice is new.
        private static let news: Int64 = 86_400

        func admits(_ entry: IndexEntry, now: Int64) -> Bool {
            switch self {
            case .all: true
            case .new: !entry.isChosen && now - entry.published < Self.news * 1_000_000_000
            case .chosen: entry.isChosen
            case .unchosen: !entry.isChosen
            case .inHand, .failed, .leftAlone: false
            }
        }
    }

    enum Order: String, CaseIterable, Sendable { case newest, name }

    struct Query: Sendable {
        var text = ""
        var order = Order.newest
        var filter = Filter.all
        /// Results in it and in its folders.
        var folder = RelativePath.root
        var limit = 60
        var offset = 0
        /// The last one of the page before.
        var after: Cursor?

        /// Tells whether an entry comes no later than the last one of the page before, which may be gone.
        fileprivate var isPast: (IndexEntry) -> Bool {
            guard let after else { return { _ in false } }
            let name = IndexEntry.searchable(after.path.description)
            return { [order] entry in
                if entry.id == after.id { return true }
                return order == .name ? entry.isNamedBefore(name, after.id) : entry.isBefore(after.published, after.id)
            }
        }
    }

    struct Page: Sendable {
        var entries: [IndexEntry] = []
        /// How many match.
        var total = 0
        /// How many each filter would give, whatever is searched.
        var counts: [Filter: Int] = [:]
        var isLast = true
    }

    /// Whether the outbox was read to its end once.
    var isComplete: Bool { state.withLock { $0.isComplete } }
    var count: Int { state.withLock { $0.sorted.count } }

    func completed() { state.withLock { $0.isComplete = true } }

    func entry(_ id: DeskID) -> IndexEntry? { state.withLock { $0.byID[id] } }
    func entry(at path: RelativePath) -> IndexEntry? { state.withLock { $0.byPath[path] } }
    var entries: [IndexEntry] { state.withLock { $0.sorted } }
    /// The folders with results in them or below, and the root.
    var folders: [RelativePath: FolderCount] { state.withLock { $0.folders } }

    /// Finds a page of results.
    func page(_ query: Query, now: Date = Date()) -> Page {
        let entries = state.withLock { query.order == .name ? $0.named : $0.sorted }
        let isPast = query.isPast
        let needle = IndexEntry.searchable(query.text)
        let time = Int64(now.timeIntervalSince1970 * 1e9)
        var page = Page()
        var (skipped, all, new, chosen) = (0, 0, 0, 0)
        for entry in entries {
            guard query.folder.isRoot || entry.path.isInside(query.folder) else { continue }
            all += 1
            if entry.isChosen { chosen += 1 } else if Filter.new.admits(entry, now: time) { new += 1 }
            guard query.filter.admits(entry, now: time), needle.count == 1 || entry.searched.holds(needle) else {
                continue
            }
            page.total += 1
            if isPast(entry) { continue }
            skipped += 1
            if skipped <= query.offset { continue }
            if page.entries.count < query.limit { page.entries.append(entry) } else { page.isLast = false }
        }
        page.counts = [.all: all, .new: new, .chosen: chosen, .unchosen: all - chosen]
        return page
    }

    /// Puts entries in the place of those that lay at their paths, and removes those at others.
    func apply(_ found: [IndexEntry], removed: [RelativePath]) -> [Change] {
        state.withLock { state in
            var changes: [Change] = []
            var isGone: Set<DeskID> = []
            for path in removed {
                guard let old = state.byPath.removeValue(forKey: path) else { continue }
                state.byID[old.id] = nil
                state.folders.count(old, by: -1)
                isGone.insert(old.id)
                changes.append(.removed(old.id))
            }
            for entry in found {
                let old = state.byPath.updateValue(entry, forKey: entry.path)
                state.byID[entry.id] = entry
                state.folders.count(entry, by: 1)
                if let old {
                    state.folders.count(old, by: -1)
                    isGone.insert(entry.id)
                }
                changes.append(old == nil ? .added(entry.id) : .changed(entry.id))
            }
            if !isGone.isEmpty {
                state.sorted.removeAll { isGone.contains($0.id) }
                state.named.removeAll { isGone.contains($0.id) }
            }
            state.sorted.merge(found) { $0.isBefore($1.published, $1.id) }
            state.named.merge(found) { $0.isNamedBefore($1.searched, $1.id) }
            return changes
        }
    }
}

extension [RelativePath: ResultIndex.FolderCount] {
    /// Counts a result in or out of its folder; one that nothing is in any more goes, and so do those above it.
    fileprivate mutating func count(_ entry: IndexEntry, by change: Int) {
        var folder = entry.folder
        let isNew = self[folder] == nil
        self[folder, default: .init()].results += change
        self[folder, default: .init()].chosen += entry.isChosen ? change : 0
        if isNew { enter(folder) }
        while !folder.isRoot, let count = self[folder], count.results == 0, count.inner == 0 {
            self[folder] = nil
            folder = folder.parent
            self[folder]?.inner -= 1
        }
    }

    /// Tells the folders above of a new one.
    private mutating func enter(_ folder: RelativePath) {
        var folder = folder
        while !folder.isRoot {
            folder = folder.parent
            let isNew = self[folder] == nil
            self[folder, default: .init()].inner += 1
            if !isNew { return }
        }
    }
}

extension [IndexEntry] {
    /// Adds others to these, which are in order.
    fileprivate mutating func merge(_ others: [IndexEntry], by isBefore: (IndexEntry, IndexEntry) -> Bool) {
        if others.isEmpty { return }
        let others = others.sorted(by: isBefore)
        var merged: [IndexEntry] = []
        merged.reserveCapacity(count + others.count)
        var rest = others[...]
        for entry in self {
            while let next = rest.first, isBefore(next, entry) { merged.append(rest.removeFirst()) }
            merged.append(entry)
        }
        self = merged + rest
    }
}

extension [CChar] {
    /// Whether another C string stands in this one.
    fileprivate func holds(_ needle: [CChar]) -> Bool {
        withUnsafeBufferPointer { hay in
            needle.withUnsafeBufferPointer { strstr(hay.baseAddress!, $0.baseAddress!) != nil }
        }
    }
}
