import Foundation

/// A reader's place in a journal: the last event that it has dealt with.
///
/// Journals have names, since a ledger may be lost and made anew: a place in one says nothing of another.
package struct EventCursor: Hashable, Sendable {
    package let journal: String
    package let sequence: Int64

    package init(journal: String, sequence: Int64) {
        self.journal = journal
        self.sequence = sequence
    }

    /// The place of a reader that has seen nothing, in whatever journal.
    package static let beginning = EventCursor(journal: "0", sequence: 0)
}

extension EventCursor: LosslessStringConvertible {
    package var description: String { "\(journal)-\(sequence)" }

    package init?(_ text: String) {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 2, !parts[0].isEmpty, parts[0].allSatisfy(\.isHexDigit), let sequence = Int64(parts[1]),
            sequence >= 0
        else { return nil }
        self.init(journal: String(parts[0]), sequence: sequence)
    }
}
