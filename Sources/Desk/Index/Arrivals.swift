import Files
import Foundation
import Spool
import Synchronization

/// What was uploaded here and stands in no ledger yet: where no daemon runs, nobody else knows of it.
final class Arrivals: Sendable {
    /// Files at most that are kept in mind.
    private static let limit = 10_000

    private let state = Mutex<[RelativePath: Job]>([:])

    /// Keeps a file in mind that has just been given its name.
    func note(_ path: RelativePath, _ stamp: FileStamp) {
        let now = Date()
        state.withLock { jobs in
            guard jobs.count < Self.limit else { return }
            jobs[path] = Job(path: path, stamp: stamp, sidecars: nil, arrival: now, updated: now)
        }
    }

    /// How many there were at the last look.
    var count: Int { state.withLock { $0.count } }

    /// Those that still wait; what is on record or gone is forgotten.
    func waiting(_ table: (any JobTable)?, _ inbox: Folder) -> [Job] {
        state.withLock { jobs in
            jobs = jobs.filter { path, _ in
                let isKnown = (try? table?.job(path)) != nil
                return !isKnown && (try? inbox.status(path))??.kind == .file
            }
            return jobs.values.sorted { ($0.arrival, $0.path) < ($1.arrival, $1.path) }
        }
    }
}
