import DequeModule
import Files

/// The order in which ready files are worked on.
///
/// Two lanes take turns, one for files that arrived while the inbox was watched and one for the backlog that a scan
/// found, and within a lane the folders take turns: neither a bulk of old files nor a bulk in one folder keeps a single
/// new photograph waiting. Every operation takes constant time. A path is in it once; a file that is added again
/// replaces the older one and keeps its place.
struct FairLanes: Sendable {
    private var arrivals = Lane()
    private var backlog = Lane()
    private var items: [RelativePath: Candidate] = [:]
    private var isBacklogsTurn = false

    var count: Int { items.count }
    var isEmpty: Bool { items.isEmpty }

    /// Adds a file at the end of its folder.
    mutating func push(_ candidate: Candidate) {
        if items.updateValue(candidate, forKey: candidate.path) != nil { return }
        switch candidate.origin {
        case .arrival: arrivals.push(candidate.path)
        case .backlog: backlog.push(candidate.path)
        }
    }

    /// Adds a file at the end of its folder, unless one of its path waits already.
    mutating func pushIfAbsent(_ candidate: Candidate) {
        if items[candidate.path] == nil { push(candidate) }
    }

    /// Takes the next file.
    ///
    /// - Parameter held: The lanes whose files stay.
    mutating func pop(besides held: Set<Candidate.Origin> = []) -> Candidate? {
        func next(_ lane: inout Lane, _ origin: Candidate.Origin) -> RelativePath? {
            held.contains(origin) ? nil : lane.pop()
        }
        let path =
            isBacklogsTurn
            ? next(&backlog, .backlog) ?? next(&arrivals, .arrival)
            : next(&arrivals, .arrival) ?? next(&backlog, .backlog)
        guard let path else { return nil }
        isBacklogsTurn.toggle()
        return items.removeValue(forKey: path)
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
