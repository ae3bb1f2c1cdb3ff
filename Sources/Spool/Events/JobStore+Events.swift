import Foundation

/// The journal of a store: what happened to the photographs, in the order in which it was recorded.
///
/// A change of a job and its event are one transaction, so that neither is ever known without the other, a killed process
/// leaves no torn end, and telling costs no write of its own.
extension JobStore {
    /// The next events of a reader, the oldest first; none where it has seen them all.
    ///
    /// Where events are gone that the reader has not seen, the first one is a gap that says so.
    ///
    /// - Parameter cursor: The last event that the reader has dealt with.
    package func events(after cursor: EventCursor, limit: Int = 500) throws -> [JournalEntry] {
        precondition(limit > 0, "a page has room for an event")
        return try read { table in
            guard let extent = try table.extent() else { return [] }
            let gap = extent.gap(after: cursor)
            let place = gap?.cursor.sequence ?? cursor.sequence
            let entries = try table.events(after: place, limit: limit).map { number, event in
                JournalEntry(cursor: EventCursor(journal: extent.journal, sequence: number), event: event)
            }
            return (gap.map { [$0] } ?? []) + entries
        }
    }

    /// What the journal holds; nil where the ledger is of a version without one.
    package func eventExtent() throws -> JournalExtent? {
        try read { try $0.extent() }
    }

    /// Tells of something that is not a change of a job.
    package func announce(_ event: Event) throws {
        try write { try $0.append(event) }
    }

    /// Drops the oldest events, at most so many at once that nobody waits for it.
    ///
    /// - Parameters:
    ///   - kept: The number of events that stay in any case.
    ///   - most: The number of events that stay at most, even where a reader has not seen them.
    ///   - cursors: The places of the readers that are known.
    package func dropEvents(keeping kept: Int64, atMost most: Int64, for cursors: @autoclosure () -> [EventCursor])
        throws
    {
        precondition(0 < kept && kept <= most, "the journal never loses its end")
        guard let extent = try eventExtent(), extent.count > kept else { return }
        let unread = cursors().filter { $0.journal == extent.journal }.map(\.sequence).min() ?? extent.last
        let end = max(min(extent.last - kept, unread), extent.last - most)
        guard end >= extent.first else { return }
        try write { try $0.dropEvents(through: min(end, extent.first + 9_999)) }
    }
}

extension JournalExtent {
    /// What a reader misses; nil where it can go on.
    fileprivate func gap(after cursor: EventCursor) -> JournalEntry? {
        let reason: String
        if cursor == .beginning {
            return nil
        } else if cursor.journal != journal {
            reason = "the ledger was made anew; what it knows is told from the start"
        } else if cursor.sequence > last {
            reason = "the ledger is older than the reader; what it knows is told from the start"
        } else if cursor.sequence < first - 1 {
            reason = "\(first - 1 - cursor.sequence) events were dropped before the reader came"
        } else {
            return nil
        }
        var event = Event(.gap, at: Date())
        event.reason = reason
        return JournalEntry(cursor: start, event: event)
    }
}

extension Spool {
    /// Events that stay in any case.
    private static let keptEvents: Int64 = 100_000
    /// Events that stay at most where a reader with a name has not seen them; some 300 MB.
    private static let mostEvents: Int64 = 1_000_000

    /// Drops the oldest events once there are many.
    package func dropOldEvents() throws {
        try jobs.dropEvents(
            keeping: Self.keptEvents, atMost: Self.mostEvents, for: CursorFile.all(state: configuration.state))
    }
}
