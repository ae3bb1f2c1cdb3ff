import Foundation

/// What every worker is at, and when it last got on.
///
/// Sendable because its state is only touched under its lock.
package final class InFlightRegistry: @unchecked Sendable {
    /// One job in hand.
    package struct Entry: Sendable, Codable, Equatable {
        /// The file, relative to the inbox.
        package var path: String
        package var stage: String
        /// Seconds in hand.
        package var seconds: Double
        /// Seconds since the last step ended.
        package var silent: Double
    }

    private struct Job {
        var path: String
        var stage: String
        var began: UInt64
        var advanced: UInt64
    }

    private let lock = NSLock()
    private var jobs: [Int: Job] = [:]
    private var next = 0
    private var abandoned = false

    package init() {}

    /// Enters a job; the token names it from here on.
    package func begin(_ path: String) -> Int {
        lock.withLock {
            next += 1
            let now = Self.now
            jobs[next] = Job(path: path, stage: "opening", began: now, advanced: now)
            return next
        }
    }

    /// Notes that a job got on.
    ///
    /// - Throws: `CancellationError` once all work is to be given up.
    package func advance(_ token: Int, to stage: String) throws {
        try lock.withLock {
            if abandoned { throw CancellationError() }
            jobs[token]?.advanced = Self.now
            jobs[token]?.stage = stage
        }
    }

    package func end(_ token: Int) { lock.withLock { jobs[token] = nil } }

    /// Makes every job give up at its next step.
    package func abandon() { lock.withLock { abandoned = true } }

    package var isIdle: Bool { lock.withLock { jobs.isEmpty } }

    package var entries: [Entry] {
        lock.withLock {
            let now = Self.now
            return jobs.sorted { $0.key < $1.key }.map { _, job in
                Entry(
                    path: job.path, stage: job.stage, seconds: Double(now - job.began) / 1e9,
                    silent: Double(now - job.advanced) / 1e9)
            }
        }
    }

    /// Whether the work in hand has stopped for good, as far as silence tells.
    ///
    /// - Parameter decodeSeconds: What decoding, the only step without a bound of its own, is given.
    package static func isStuck(_ entries: [Entry], decodeSeconds: Double) -> Bool {
        // Every other step is bounded by the size of the picture.
        let silent = entries.filter { $0.silent > decodeSeconds + 300 }
        // Who waits for another one is stuck with that one; where all wait, for nobody.
        return silent.contains { !$0.stage.hasPrefix("waiting") }
            || (!entries.isEmpty && silent.count == entries.count)
    }

    /// Monotonic nanoseconds.
    private static var now: UInt64 { DispatchTime.now().uptimeNanoseconds }
}
