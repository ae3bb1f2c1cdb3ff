import Files
import Foundation

/// The jobs of a store in a transaction that may change them.
package protocol MutableJobTable: JobTable {
    /// Records a job in place of what is known of its file.
    func put(_ job: Job) throws

    /// Records a result that no job tells of any more, in place of one of the same work and file.
    func put(_ past: PastResult) throws

    /// Forgets a file.
    func remove(_ path: RelativePath) throws

    /// Remembers something; it is no error to do so again.
    func note(_ note: JobNote) throws

    /// Adds an event at the end of the journal; its number is one more than that of any before.
    func append(_ event: Event) throws

    /// Drops the events up to a number.
    func dropEvents(through number: Int64) throws
}

/// Something that a store remembers of itself.
package enum JobNote: String, Sendable {
    /// The results of the outbox are recorded.
    case rebuilt
}

extension MutableJobTable {
    /// Moves a job on by an event and records it, with what the journal is to tell of it, if anything changed.
    ///
    /// - Parameter change: Changes the fields that the state machine does not know of.
    func advance(
        _ job: Job, by event: JobEvent, _ policy: RetryPolicy, at now: Date, change: (inout Job) -> Void = { _ in }
    ) throws -> JobStep {
        var machine = JobMachine(state: job.state, attempts: job.attempts, deaths: job.deaths, policy: policy)
        let action = machine.handle(event, at: now)
        var next = job
        change(&next)
        (next.state, next.attempts, next.deaths) = (machine.state, machine.attempts, machine.deaths)
        if next != job {
            next.updated = now
            try put(next)
            if let event = Event(event, of: next, at: now) { try append(event) }
        }
        return JobStep(job: next, action: action)
    }
}
