import Foundation

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
        case .quarantined(let reason, let isCurrent):
            finish(.quarantined(reason: reason), .setAside(reason: reason), isCurrent: isCurrent)
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
