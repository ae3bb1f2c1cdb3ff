import DequeModule
import Files

/// The order in which ready files are worked on.
///
/// Two lanes take turns, one for files that arrived while the inbox was watched and one for the backlog that a scan
/// found, and within a lane the folders take turns: neither a bulk of old files nor a bulk in one folder keeps a single
/// new photograph waiting. Every operation takes constant time. A path is in the queue once; what is added again
/// replaces what was known of it and keeps its place.
package struct WorkQueue: Sendable {
    private var arrivals = Lane()
    private var backlog = Lane()
    private var items: [RelativePath: Candidate] = [:]
    private var isBacklogsTurn = false

    package init() {}

    package var count: Int { items.count }
    package var isEmpty: Bool { items.isEmpty }

    /// Adds a file at the end of its folder.
    package mutating func push(_ candidate: Candidate) {
        if items.updateValue(candidate, forKey: candidate.path) != nil { return }
        switch candidate.origin {
        case .arrival: arrivals.push(candidate.path)
        case .backlog: backlog.push(candidate.path)
        }
    }

    /// Takes the next file.
    package mutating func pop() -> Candidate? {
        while !items.isEmpty {
            let path: RelativePath?
            if isBacklogsTurn {
                path = backlog.pop() ?? arrivals.pop()
            } else {
                path = arrivals.pop() ?? backlog.pop()
            }
            guard let path else { break }
            // A removed file leaves its place behind.
            if let item = items.removeValue(forKey: path) {
                isBacklogsTurn.toggle()
                return item
            }
        }
        return nil
    }

    /// Takes a file out wherever it stands.
    @discardableResult
    package mutating func remove(_ path: RelativePath) -> Candidate? {
        items.removeValue(forKey: path)
    }

    /// Folders that take turns.
    private struct Lane: Sendable {
        private var folders: [RelativePath: Deque<RelativePath>] = [:]
        private var turns = Deque<RelativePath>()

        mutating func push(_ path: RelativePath) {
            let folder = path.parent
            if folders[folder] == nil { turns.append(folder) }
            folders[folder, default: Deque()].append(path)
        }

        mutating func pop() -> RelativePath? {
            guard let folder = turns.popFirst() else { return nil }
            let path = folders[folder]?.popFirst()
            if folders[folder]?.isEmpty == false {
                turns.append(folder)
            } else {
                folders[folder] = nil
            }
            return path
        }
    }
}
