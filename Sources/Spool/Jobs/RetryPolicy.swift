import Foundation

/// How often and how late a file is tried again after errors that may pass.
package struct RetryPolicy: Equatable, Sendable {
    /// Tries after which an error counts as lasting.
    package var attempts = 5
    /// Seconds before the second try; each further wait is twice as long.
    package var baseSeconds = 30.0
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
