import Files
import Foundation

/// What the ledger knows of one file of the inbox.
package struct Job: Equatable, Sendable {
    package let path: RelativePath
    /// The file as the intake last saw it.
    package let stamp: FileStamp
    /// The sidecars that held for it then; nil where no intake has told.
    package let sidecars: SidecarStamp?
    package let arrival: Date
    package let state: JobState
    /// Times it was claimed and not given back untried.
    package let attempts: Int
    /// Times the process died while it was worked on; a job with any should run alone.
    package let deaths: Int
    /// The content, model and settings of its last work, as far as that came.
    package let identity: WorkIdentity?
    /// The last published result in the outbox.
    package let result: RelativePath?
    /// Whether that result is of `identity`.
    package let isResultCurrent: Bool
    package let updated: Date

    /// The file as a candidate for work.
    package var candidate: Candidate {
        Candidate(path: path, stamp: stamp, sidecars: sidecars ?? .none, arrival: arrival, origin: .arrival)
    }

    /// Whether this is of the same file under the same sidecars, as far as those are known.
    func isOf(_ stamp: FileStamp, _ sidecars: SidecarStamp?) -> Bool {
        self.stamp.matches(stamp) && (self.sidecars == nil || sidecars == nil || self.sidecars == sidecars)
    }
}
