import Foundation

/// Where a file of the inbox stands.
package enum JobState: Equatable, Sendable {
    /// It waits for a worker.
    case received
    /// A worker has it.
    case claimed
    /// It failed for now and waits for its next try.
    case waiting(until: Date, reason: String)
    /// Its result lies in the outbox.
    case published
    /// It is left alone in the inbox, as the settings ask.
    case skipped(reason: String)
    /// It failed for good.
    case failed(reason: String)
    /// The process died twice while it was worked on.
    case quarantined(reason: String)

    /// Whether work is still to be done.
    package var isPending: Bool {
        switch self {
        case .received, .claimed, .waiting: true
        case .published, .skipped, .failed, .quarantined: false
        }
    }

    /// Why it is not done, where there is a reason.
    package var reason: String? {
        switch self {
        case .waiting(_, let reason), .skipped(let reason), .failed(let reason), .quarantined(let reason): reason
        case .received, .claimed, .published: nil
        }
    }
}

/// How often and how late a file is tried again after errors that may pass.
package struct RetryPolicy: Equatable, Sendable {
    /// Tries after which an error counts as lasting.
    package var attempts = 5
    /// Seconds before the second try; each further wait is twice as long.
    package var baseSeconds = 15.0
    /// The longest wait in seconds.
    package var longestSeconds = 3600.0
    /// Deaths of the process after which the file is suspected to be the cause.
    package var deaths = 2

    package init() {}

    /// Throws the first value that cannot work.
    package func validate() throws {
        guard attempts >= 1 else { throw SpoolError.configuration("attempts: at least 1, not \(attempts)") }
        guard deaths >= 1 else { throw SpoolError.configuration("deaths: at least 1, not \(deaths)") }
        guard baseSeconds >= 0, longestSeconds >= baseSeconds, longestSeconds <= 604_800 else {
            throw SpoolError.configuration("waits of \(baseSeconds) to \(longestSeconds) s make no sense")
        }
    }

    /// Seconds to wait after some tries have failed.
    package func wait(after tries: Int) -> Double {
        min(longestSeconds, baseSeconds * pow(2, Double(max(0, min(tries, 60) - 1))))
    }
}

/// What happens to a file.
package enum JobEvent: Equatable, Sendable {
    /// The intake has delivered it, with the content known before or another.
    case arrived(isChanged: Bool)
    case claimed
    /// Its result was published; `isCurrent` is false where the file was replaced while it was worked on.
    case published(isCurrent: Bool)
    /// The settings ask to leave it alone.
    case skipped(reason: String, isCurrent: Bool)
    /// An error that may pass.
    case failedForNow(reason: String)
    /// An error of the file itself.
    case failedForGood(reason: String, isCurrent: Bool)
    /// The worker gives it back untried.
    case putBack
    /// The process that had claimed it is no more.
    case processDied
    /// A person asks for another try.
    case retried
}

/// What is to be done after an event.
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

/// The life of a file from arrival to result: told what happens, it says what to do.
package struct JobMachine: Equatable, Sendable {
    package private(set) var state: JobState
    /// Times it was claimed and not given back untried.
    package private(set) var attempts: Int
    /// Times the process died while it was worked on.
    package private(set) var deaths: Int
    private let policy: RetryPolicy

    package init(state: JobState = .received, attempts: Int = 0, deaths: Int = 0, policy: RetryPolicy) {
        self.state = state
        self.attempts = attempts
        self.deaths = deaths
        self.policy = policy
    }

    /// Moves on by an event, and says what is to be done.
    package mutating func handle(_ event: JobEvent, at now: Date) -> JobAction {
        switch event {
        case .arrived(let isChanged): arrive(isChanged: isChanged, now)
        case .claimed: claim()
        case .published(let isCurrent): finish(.published, .settleOriginal, isCurrent: isCurrent)
        case .skipped(let reason, let isCurrent): finish(.skipped(reason: reason), .leave, isCurrent: isCurrent)
        case .failedForNow(let reason): fail(reason, now)
        case .failedForGood(let reason, let isCurrent):
            finish(.failed(reason: reason), .setAside(reason: reason), isCurrent: isCurrent)
        case .putBack: putBack()
        case .processDied: die()
        case .retried: retry(now)
        }
    }

    private mutating func arrive(isChanged: Bool, _ now: Date) -> JobAction {
        switch state {
        case .claimed: return .leave
        case _ where isChanged: return restart()
        case .received: return .enqueue
        case .waiting(let until, _):
            // A time further away than any wait comes from a clock that was set back since.
            if until <= now || until > now + policy.longestSeconds { return .enqueue }
            return .enqueueLater(until)
        case .published: return .settleOriginal
        case .skipped: return .leave
        case .failed(let reason), .quarantined(let reason): return .setAside(reason: reason)
        }
    }

    private mutating func claim() -> JobAction {
        state = .claimed
        attempts += 1
        return .leave
    }

    private mutating func finish(_ end: JobState, _ action: JobAction, isCurrent: Bool) -> JobAction {
        if !isCurrent { return restart() }
        state = end
        deaths = 0
        return action
    }

    private mutating func fail(_ reason: String, _ now: Date) -> JobAction {
        deaths = 0
        guard attempts < policy.attempts else {
            let reason = "gave up after \(attempts) tries: \(reason)"
            state = .failed(reason: reason)
            return .setAside(reason: reason)
        }
        let next = now + policy.wait(after: attempts)
        state = .waiting(until: next, reason: reason)
        return .enqueueLater(next)
    }

    private mutating func putBack() -> JobAction {
        guard state == .claimed else { return .leave }
        state = .received
        attempts = max(0, attempts - 1)
        return .enqueue
    }

    private mutating func die() -> JobAction {
        guard state == .claimed else { return .leave }
        deaths += 1
        guard deaths < policy.deaths else {
            let reason = "the process died \(deaths) times while it was worked on"
            state = .quarantined(reason: reason)
            return .setAside(reason: reason)
        }
        state = .received
        return .enqueue
    }

    /// Waiting until now, not received: a daemon in another process looks for what is due.
    private mutating func retry(_ now: Date) -> JobAction {
        if state == .claimed { return .leave }
        restart()
        state = .waiting(until: now, reason: "asked for again")
        return .enqueueLater(now)
    }

    @discardableResult
    private mutating func restart() -> JobAction {
        state = .received
        attempts = 0
        deaths = 0
        return .enqueue
    }
}
