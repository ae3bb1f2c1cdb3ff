import Files
import Foundation
import Synchronization

/// The events of a service, read from its ledger while a daemon may be at work with it.
///
/// It needs no right to write, and waits where there is no ledger yet.
package final class EventJournal: Sendable {
    private let state: String
    private let opened = Mutex<(store: SQLiteJobStore, file: FileIdentity)?>(nil)

    /// - Parameter state: The service's state folder.
    package init(state: String) {
        self.state = state
    }

    /// The next events of a reader as `JobStore.events(after:limit:)` gives them; none where there is no ledger.
    package func events(after cursor: EventCursor, limit: Int = 500) throws -> [JournalEntry] {
        try withStore { try $0.events(after: cursor, limit: limit) } ?? []
    }

    /// The place of a reader that has seen everything; nil where there is no journal yet.
    package func end() throws -> EventCursor? {
        try withStore { try $0.eventExtent()?.end } ?? nil
    }

    /// The events from a place on, and those that come, in portions.
    package func follow(after cursor: EventCursor, every pause: Duration = .milliseconds(500)) -> EventFeed {
        EventFeed(journal: self, cursor: cursor, pause: pause)
    }

    private func withStore<Value: Sendable>(_ body: (SQLiteJobStore) throws -> Value) throws -> Value? {
        let place = RelativePath.root.appending(SQLiteJobStore.fileName)
        let found: FileIdentity?
        do {
            found = try Folder(state).status(place)?.stamp.identity
        } catch FileError.missing {
            found = nil
        }
        return try opened.withLock { opened in
            // A damaged ledger is set aside, and a new one has its name.
            if opened?.file != found {
                opened = nil
                if let found { opened = (try SQLiteJobStore(reading: state), found) }
            }
            return try (opened?.store).map(body)
        }
    }
}

/// Events as they come, in portions of one or more.
package struct EventFeed: AsyncSequence, Sendable {
    fileprivate let journal: EventJournal
    fileprivate let cursor: EventCursor
    fileprivate let pause: Duration

    package struct AsyncIterator: AsyncIteratorProtocol {
        fileprivate let journal: EventJournal
        fileprivate var cursor: EventCursor
        fileprivate let pause: Duration

        /// The next events; nil where the task is cancelled.
        package mutating func next() async throws -> [JournalEntry]? {
            while !Task.isCancelled {
                let entries = try journal.events(after: cursor)
                if let last = entries.last {
                    cursor = last.cursor
                    return entries
                }
                try? await Task.sleep(for: pause)
            }
            return nil
        }
    }

    package func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(journal: journal, cursor: cursor, pause: pause)
    }
}
