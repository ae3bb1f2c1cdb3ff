import Foundation
import Synchronization

/// The jobs that workers have in hand, each with its stage and the time when it last got on.
package final class InFlightRegistry: Sendable {
    /// One job in hand.
    package struct Entry: Sendable, Codable, Equatable {
        /// The file, relative to the inbox.
        package var path: String
        package var stage: JobStage
        /// Seconds in hand.
        package var seconds: Double
        /// Seconds since the last step ended.
        package var silent: Double
    }

    private struct Job {
        var path: String
        var stage: JobStage
        var began: UInt64
        var advanced: UInt64
    }

    private struct State {
        var jobs: [Int: Job] = [:]
        var next = 0
        var isAbandoned = false
    }

    private let state = Mutex(State())

    package init() {}

    /// Enters a job; the token names it from here on.
    package func begin(_ path: String) -> Int {
        state.withLock { state in
            state.next += 1
            let now = Self.now
            state.jobs[state.next] = Job(path: path, stage: .opening, began: now, advanced: now)
            return state.next
        }
    }

    /// Notes that a job has reached a stage.
    ///
    /// - Throws: `CancellationError` once all work is to be given up.
    package func advance(_ token: Int, to stage: JobStage) throws {
        try state.withLock { state in
            if state.isAbandoned { throw CancellationError() }
            state.jobs[token]?.advanced = Self.now
            state.jobs[token]?.stage = stage
        }
    }

    package func end(_ token: Int) { state.withLock { $0.jobs[token] = nil } }

    /// Makes every job give up at its next step.
    package func abandon() { state.withLock { $0.isAbandoned = true } }

    /// Whether all work is to be given up.
    var isGivenUp: Bool { state.withLock { $0.isAbandoned } }

    package var isIdle: Bool { state.withLock { $0.jobs.isEmpty } }

    package var entries: [Entry] {
        state.withLock { state in
            let now = Self.now
            return state.jobs.sorted { $0.key < $1.key }.map { _, job in
                Entry(
                    path: job.path, stage: job.stage, seconds: Double(now - job.began) / 1e9,
                    silent: Double(now - job.advanced) / 1e9)
            }
        }
    }

    /// Whether the jobs in hand have stopped for good, judged by their silence.
    ///
    /// - Parameter decodeSeconds: The time that decoding may take; it alone has no bound of its own.
    package static func isStuck(_ entries: [Entry], decodeSeconds: Double) -> Bool {
        // Every other step is bounded by the size of the picture.
        let silent = entries.filter { $0.silent > decodeSeconds + 300 }
        // A job that waits for another is as stuck as that one; where all wait, nobody works.
        return silent.contains { !$0.stage.isWaiting }
            || (!entries.isEmpty && silent.count == entries.count)
    }

    /// Monotonic nanoseconds.
    private static var now: UInt64 { DispatchTime.now().uptimeNanoseconds }
}
