/// The daemon's life as a state machine without side effects: events go in, actions come out.
package struct Lifecycle: Sendable, Equatable {
    package enum Phase: Sendable, Equatable {
        case starting
        case running
        /// Jobs in hand are finished, and none is begun.
        case draining
        /// Jobs in hand are given up; their files stay in the inbox.
        case aborting
        case stopped
    }

    package enum Event: Sendable, Equatable {
        /// The model is loaded and the watch stands.
        case ready
        /// SIGTERM or SIGINT.
        case terminate
        /// SIGHUP.
        case reload
        /// A single run has no file queued or in hand, and expects none.
        case exhausted
        /// The last job in hand ended.
        case idle
    }

    package enum Action: Sendable, Equatable {
        case announceReady
        case stopIntake
        case announceStopping
        case reloadConfiguration
        /// Give up the jobs in hand; their files are still in the inbox.
        case abandonWork
        case exit
    }

    package private(set) var phase = Phase.starting

    package init() {}

    /// The actions that an event calls for, in order.
    package mutating func handle(_ event: Event) -> [Action] {
        switch (phase, event) {
        case (.starting, .ready):
            phase = .running
            return [.announceReady]
        case (.starting, .terminate), (.running, .terminate), (.running, .exhausted):
            phase = .draining
            return [.announceStopping, .stopIntake]
        case (.draining, .terminate):
            phase = .aborting
            return [.abandonWork, .exit]
        case (.draining, .idle):
            phase = .stopped
            return [.exit]
        case (.running, .reload):
            return [.reloadConfiguration]
        case (.starting, .reload), (.starting, .exhausted), (.starting, .idle), (.running, .ready), (.running, .idle),
            (.draining, .ready), (.draining, .reload), (.draining, .exhausted), (.aborting, _), (.stopped, _):
            return []
        }
    }
}
