import Foundation

/// An event in its place in the journal.
package struct JournalEntry: Equatable, Sendable {
    /// The place of a reader that has dealt with this.
    package let cursor: EventCursor
    package let event: Event

    /// One line of JSON, without its end.
    package var line: Data {
        get throws {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            encoder.dateEncodingStrategy = .custom { date, encoder in
                var container = encoder.singleValueContainer()
                try container.encode(date.formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true)))
            }
            return try encoder.encode(self)
        }
    }
}

extension JournalEntry: Encodable {
    private enum CodingKeys: String, CodingKey { case cursor, sequence }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(cursor.description, forKey: .cursor)
        try container.encode(cursor.sequence, forKey: .sequence)
        try event.encode(to: encoder)
    }
}

/// The events that a journal holds.
package struct JournalExtent: Equatable, Sendable {
    package let journal: String
    /// The number of the oldest event; one more than `last` where there is none.
    package let first: Int64
    /// The number of the latest event, 0 before the first one ever.
    package let last: Int64

    package var count: Int64 { last - first + 1 }
    /// The place of a reader that has seen nothing of what there is.
    package var start: EventCursor { EventCursor(journal: journal, sequence: first - 1) }
    /// The place of a reader that has seen everything.
    package var end: EventCursor { EventCursor(journal: journal, sequence: last) }
}
