import DequeModule
import Files
import Foundation

/// Nanoseconds on a clock that nobody sets; it goes on while the machine sleeps.
struct MonotonicTime: Comparable, Sendable {
    var nanoseconds: Int64

    static var now: MonotonicTime {
        var time = timespec()
        clock_gettime(CLOCK_BOOTTIME, &time)
        return MonotonicTime(nanoseconds: Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec))
    }

    static func < (left: MonotonicTime, right: MonotonicTime) -> Bool { left.nanoseconds < right.nanoseconds }

    static func + (time: MonotonicTime, seconds: Double) -> MonotonicTime {
        MonotonicTime(nanoseconds: time.nanoseconds + Int64(seconds * 1e9))
    }

    static func - (left: MonotonicTime, right: MonotonicTime) -> Double {
        Double(left.nanoseconds - right.nanoseconds) / 1e9
    }
}

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
        var since: MonotonicTime
        var wait: Wait
        var origin: Candidate.Origin
        var wasTruncated: Bool
    }

    private let seconds: [Wait: Double]
    private var entries: [RelativePath: Entry] = [:]
    /// For each wait the files in the order they fall due, since all of one wait rest equally long.
    private var queues: [Wait: Deque<(due: MonotonicTime, path: RelativePath)>] = [:]

    /// Times in seconds.
    init(quiet: Double, patience: Double) {
        seconds = [.none: 0, .quiet: quiet, .patience: max(quiet, patience)]
    }

    var isEmpty: Bool { entries.isEmpty }

    func contains(_ path: RelativePath) -> Bool { entries[path] != nil }

    /// When the next file falls due.
    var nextDue: MonotonicTime? { queues.values.compactMap { $0.first?.due }.min() }

    /// An event says that the file is there and how long it should rest.
    mutating func arrived(_ path: RelativePath, _ stamp: FileStamp, wait: Wait, at now: MonotonicTime) {
        enter(path, Entry(stamp: stamp, since: now, wait: wait, origin: .arrival, wasTruncated: false))
    }

    /// A scan has seen the file: a new one starts to rest, a known one goes on unless it has changed.
    mutating func scanned(_ path: RelativePath, _ stamp: FileStamp, at now: MonotonicTime) {
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
            enter(path, Entry(stamp: stamp, since: now, wait: .quiet, origin: .backlog, wasTruncated: false))
        }
    }

    /// The file was tried and found cut off: it rests for the whole patience unless it changes before.
    mutating func truncated(_ candidate: Candidate, at now: MonotonicTime) {
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
    mutating func popDue(at now: MonotonicTime) -> RelativePath? {
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
        _ path: RelativePath, _ stamp: FileStamp?, sidecars: SidecarStamp = .none, at now: MonotonicTime, arrival: Date
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

    private func due(_ entry: Entry) -> MonotonicTime { entry.since + seconds[entry.wait]! }

    private mutating func enter(_ path: RelativePath, _ entry: Entry) {
        entries[path] = entry
        queues[entry.wait, default: Deque()].append((due(entry), path))
    }
}
