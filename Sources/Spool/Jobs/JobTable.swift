import Files
import Foundation

/// The jobs of a store as a transaction sees them.
///
/// Where jobs agree in what they are ordered by, the order in which they were recorded decides. Times may be rounded to
/// a microsecond.
package protocol JobTable {
    /// The job of a file; nil where none is recorded.
    func job(_ path: RelativePath) throws -> Job?

    /// The first recorded job whose current result is of some work.
    func job(holding identity: WorkIdentity) throws -> Job?

    /// The result of some work whose file, not at this path, left its name to another; of several, that of the first path.
    func past(holding identity: WorkIdentity, besides path: RelativePath) throws -> PastResult?

    /// The jobs whose last result lies at a place of the outbox, in the order in which they were recorded.
    func jobs(at result: RelativePath) throws -> [Job]

    /// The claimed jobs and those that are pending though their work was identified before, the longest unchanged first.
    func begun() throws -> [Job]

    /// The waiting jobs whose time is not after `time`, or is after `horizon`; the next one first.
    func waiting(until time: Date, orAfter horizon: Date, limit: Int) throws -> [Job]

    /// The failed and quarantined jobs, the last changed and of those the last recorded first.
    func failures(limit: Int) throws -> [Job]

    /// The photographs that are left alone, and those whose result is another one's of the same content; the last changed
    /// and of those the last recorded first.
    func leftAlone(limit: Int) throws -> [Job]

    /// The waiting, failed and quarantined jobs, the longest unchanged first.
    func retriable() throws -> [Job]

    /// A page of the pending files in the order in which they were recorded.
    ///
    /// - Parameter place: The place of the last file of the page before; nil for the first page.
    func pending(after place: Int64?, limit: Int) throws -> [(place: Int64, path: RelativePath)]

    /// The pending jobs in the order in which they were recorded.
    func pending(limit: Int) throws -> [Job]

    /// When the pending job that arrived first did so; nil where there is none.
    func oldestPending() throws -> Date?

    /// The numbers of jobs in each state.
    func counts() throws -> JobCounts

    /// How many jobs of files below a folder are pending, and how many failed or are quarantined.
    func unfinished(below folder: RelativePath) throws -> (pending: Int, failed: Int)

    /// Whether something was noted.
    func isNoted(_ note: JobNote) throws -> Bool

    /// The numbers of the events that the journal holds; nil where the record is of a version without one.
    func extent() throws -> JournalExtent?

    /// The events after a number, the oldest first.
    func events(after number: Int64, limit: Int) throws -> [(number: Int64, event: Event)]
}

extension JobTable {
    /// The job of a file that must be recorded.
    func existing(_ path: RelativePath) throws -> Job {
        guard let job = try job(path) else { throw FileError.missing(path: "\(path)") }
        return job
    }
}
