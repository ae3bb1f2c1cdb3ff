import Files
import Foundation

/// The record of one file of the inbox.
package struct Job: Equatable, Sendable {
    package let path: RelativePath
    /// The file as the intake last saw it.
    package var stamp: FileStamp
    /// The sidecars that held for it then; nil where no intake has told.
    package var sidecars: SidecarStamp?
    package var arrival: Date
    package var state = JobState.received
    /// Times it was claimed and not given back untried.
    package var attempts = 0
    /// Times the process died while it was worked on; a job with any should run alone.
    package var deaths = 0
    /// The content, model and settings of its last work, as far as that came.
    package var identity: WorkIdentity?
    /// The last published result in the outbox.
    package var result: RelativePath?
    /// Whether that result is of `identity`.
    package var isResultCurrent = false
    package var updated: Date

    /// A file that waits for its first worker.
    package init(path: RelativePath, stamp: FileStamp, sidecars: SidecarStamp?, arrival: Date, updated: Date) {
        self.path = path
        self.stamp = stamp
        self.sidecars = sidecars
        self.arrival = arrival
        self.updated = updated
    }

    /// The file as a candidate for work.
    package var candidate: Candidate {
        Candidate(path: path, stamp: stamp, sidecars: sidecars ?? .none, arrival: arrival, origin: .arrival)
    }

    /// Whether this is of the same file under the same sidecars, as far as those are known.
    func isOf(_ stamp: FileStamp, _ sidecars: SidecarStamp?) -> Bool {
        self.stamp.matches(stamp) && (self.sidecars == nil || sidecars == nil || self.sidecars == sidecars)
    }
}
