import Foundation
import Spool

/// Takes a receiver through the journal, each event until it was taken, and keeps its place in a file.
///
/// An event may come twice: the place is kept after it was taken. A receiver that is in trouble keeps itself waiting and
/// nobody else, since events are only read here.
package struct EventDelivery {
    private static let firstPause = 1.0
    private static let longestPause = 300.0
    private static let pollSeconds = 0.5

    private let journal: EventJournal
    private let place: CursorFile
    private let receiver: any EventReceiver
    /// The kinds that the receiver wants; it is always told of gaps.
    private let kinds: Set<Event.Kind>
    /// Tries after which an event is passed over; nil for none.
    private let tries: Int?
    private let shouldStop: () -> Bool
    private let report: (String) -> Void

    /// - Parameters:
    ///   - report: Gets a line for people about each failure.
    ///   - shouldStop: Asked between and during deliveries.
    package init(
        journal: EventJournal, place: CursorFile, receiver: any EventReceiver, kinds: Set<Event.Kind>, tries: Int?,
        report: @escaping (String) -> Void, shouldStop: @escaping () -> Bool
    ) {
        precondition(tries.map { $0 > 0 } ?? true, "an event is tried at least once")
        self.journal = journal
        self.place = place
        self.receiver = receiver
        self.kinds = kinds.union([.gap])
        self.tries = tries
        self.shouldStop = shouldStop
        self.report = report
    }

    /// Delivers what there is and, where it follows, what comes, until it is to stop.
    ///
    /// - Parameter first: The place of a receiver that comes for the first time.
    /// - Returns: Whether every event was taken. One that does not follow ends at the first that was not, if it was not
    ///   told how often to try: the next run goes on there.
    package func run(follow: Bool, from first: EventCursor) throws -> Bool {
        var cursor = try place.read() ?? first
        if cursor == first { try place.write(cursor) }
        var isComplete = true
        while !shouldStop() {
            guard let entries = try nextEntries(after: cursor, follow: follow) else { break }
            for entry in entries {
                if kinds.contains(entry.event.kind) {
                    switch deliver(entry, follow: follow) {
                    case .taken: break
                    case .passedOver: isComplete = false
                    case .left:
                        keep(cursor)
                        return shouldStop() && isComplete
                    }
                    keep(entry.cursor)
                }
                cursor = entry.cursor
            }
            keep(cursor)
        }
        return isComplete
    }

    /// The next events; nil where there are none and none is waited for, or it is to stop.
    private func nextEntries(after cursor: EventCursor, follow: Bool) throws -> [JournalEntry]? {
        var pause = Self.firstPause
        while !shouldStop() {
            do {
                let entries = try journal.events(after: cursor)
                if !entries.isEmpty { return entries }
                if !follow { return nil }
                wait(Self.pollSeconds)
            } catch {
                if !follow { throw error }
                report("\(error)")
                wait(pause)
                pause = min(2 * pause, Self.longestPause)
            }
        }
        return nil
    }

    private enum Outcome { case taken, passedOver, left }

    private func deliver(_ entry: JournalEntry, follow: Bool) -> Outcome {
        var pause = Self.firstPause
        var count = 0
        while !shouldStop() {
            do {
                try receiver.deliver(entry, shouldStop: shouldStop)
                return .taken
            } catch DeliveryError.stopped {
                return .left
            } catch {
                count += 1
                let subject = "\(entry.cursor) \(entry.event.kind.rawValue) \(entry.event.path?.description ?? "")"
                if let tries, count >= tries {
                    report("\(subject): \(error); passed over after \(count) tries")
                    return .passedOver
                }
                guard follow || tries != nil else {
                    report("\(subject): \(error)")
                    return .left
                }
                report("\(subject): \(error); tried again in \(Int(pause)) s")
                wait(pause)
                pause = min(2 * pause, Self.longestPause)
            }
        }
        return .left
    }

    /// A place that cannot be kept costs a repetition after the next start, and nothing now.
    private func keep(_ cursor: EventCursor) {
        do {
            if try place.read() != cursor { try place.write(cursor) }
        } catch {
            report("the place \(cursor) is not kept: \(error)")
        }
    }

    private func wait(_ seconds: Double) {
        Service.wait(seconds: seconds) { !shouldStop() }
    }
}
