import Foundation

/// The next thing to do with a file after an event.
package enum JobAction: Equatable, Sendable {
    /// Queue the file.
    case enqueue
    /// Queue the file at this time.
    case enqueueLater(Date)
    /// Nothing: it is worked on, or waits for its time.
    case leave
    /// Keep, archive or delete the original as configured.
    case settleOriginal
    /// Move the file out of the inbox to the failed ones.
    case setAside(reason: String)
}
