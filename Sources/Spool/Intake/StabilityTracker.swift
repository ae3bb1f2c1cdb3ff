import DequeModule
import Files
import Foundation

/// The rule of when a file is ready, as a pure state machine: sightings go in, ready files come out.
///
/// A file is watched from its first sighting. Every sighting that differs from the last starts its wait again; a file
/// that is seen unchanged at the end of its wait is ready and forgotten here.
struct StabilityTracker {
    /// The time that a file must rest.
    enum Wait: Int, CaseIterable {
        /// It came whole, by a rename.
        case none
        /// Its writer has closed it, or a scan found it.
        case quiet
        /// Its writer has it open, or it was cut off when it was last tried.
        case patience
    }

    private struct Entry {
        var stamp: FileStamp
        var since: ContinuousClock.Instant
        var wait: Wait
        var origin: Candidate.Origin
        var wasTruncated: Bool
    }

    private let rests: [Wait: Duration]
    private var entries: [RelativePath: Entry] = [:]
    /// For each wait the files in the order they fall due, since all of one wait rest equally long.
    private var queues: [Wait: Deque<(due: ContinuousClock.Instant, path: RelativePath)>] = [:]

    /// Times in seconds.
    init(quiet: Double, patience: Double) {
        rests = [.none: .zero, .quiet: .seconds(quiet), .patience: .seconds(max(quiet, patience))]
    }

    var isEmpty: Bool { entries.isEmpty }

    func contains(_ path: RelativePath) -> Bool { entries[path] != nil }

    /// When the next file falls due.
    var nextDue: ContinuousClock.Instant? { queues.values.compactMap { $0.first?.due }.min() }

    /// An event says that the file is there and how long it should rest.
    mutating func arrived(_ path: RelativePath, _ stamp: FileStamp, wait: Wait, at now: ContinuousClock.Instant) {
        enter(path, Entry(stamp: stamp, since: now, wait: wait, origin: .arrival, wasTruncated: false))
    }

    /// A scan has seen the file: a new one starts to rest, a known one goes on unless it has changed.
    ///
    /// - Parameter origin: What a new one is taken for.
    mutating func scanned(
        _ path: RelativePath, _ stamp: FileStamp, at now: ContinuousClock.Instant,
        as origin: Candidate.Origin = .backlog
    ) {
        if var entry = entries[path] {
            guard entry.stamp != stamp else { return }
            entry.stamp = stamp
            entry.since = now
            if entry.wasTruncated {
                entry.wasTruncated = false
                entry.wait = .quiet
            }
            enter(path, entry)
        } else {
            enter(path, Entry(stamp: stamp, since: now, wait: .quiet, origin: origin, wasTruncated: false))
        }
    }

    /// The file was tried and found cut off: it rests for the whole patience unless it changes before.
    mutating func truncated(_ candidate: Candidate, at now: ContinuousClock.Instant) {
        enter(
            candidate.path,
            Entry(stamp: candidate.stamp, since: now, wait: .patience, origin: candidate.origin, wasTruncated: true))
    }

    /// The file is gone.
    mutating func forget(_ path: RelativePath) {
        entries[path] = nil
    }

    /// The folder and all in it are gone.
    mutating func forgetTree(_ folder: RelativePath) {
        entries = entries.filter { !$0.key.isInside(folder) }
    }

    /// Takes out the next file whose wait is over, for another look; nil where all must wait.
    mutating func popDue(at now: ContinuousClock.Instant) -> RelativePath? {
        for wait in Wait.allCases {
            while let next = queues[wait]?.first, next.due <= now {
                _ = queues[wait]?.popFirst()
                guard let entry = entries[next.path], entry.wait == wait else { continue }
                // Started again since: a later place in the queue stands for it.
                if due(entry) > now { continue }
                return next.path
            }
        }
        return nil
    }

    /// Takes the present stamp of a file that fell due, nil where it is gone, and returns the file if it is ready.
    mutating func examined(
        _ path: RelativePath, _ stamp: FileStamp?, sidecars: SidecarStamp = .none, at now: ContinuousClock.Instant,
        arrival: Date
    ) -> Candidate? {
        guard var entry = entries[path] else { return nil }
        guard let stamp else {
            entries[path] = nil
            return nil
        }
        if stamp == entry.stamp {
            entries[path] = nil
            return Candidate(
                path: path, stamp: stamp, sidecars: sidecars, arrival: arrival, origin: entry.origin,
                isLastChance: entry.wasTruncated)
        }
        entry.stamp = stamp
        entry.since = now
        // It is being written to: whatever its wait was, it rests as a closed file does from now on.
        if entry.wait == .none || entry.wasTruncated { entry.wait = .quiet }
        entry.wasTruncated = false
        enter(path, entry)
        return nil
    }

    private func due(_ entry: Entry) -> ContinuousClock.Instant { entry.since.advanced(by: rests[entry.wait]!) }

    private mutating func enter(_ path: RelativePath, _ entry: Entry) {
        entries[path] = entry
        queues[entry.wait, default: Deque()].append((due(entry), path))
    }
}
