import Foundation
import Spool

/// Figures for Prometheus, in its text format.
package struct Metrics: Sendable {
    package var counts: JobCounts
    package var oldestPending: Date?
    package var inHand: Int
    package var polling: Bool
    package var paused: Bool
    package var freeBytes: Int64

    package func text(now: Date = Date()) -> String {
        var lines: [String] = []
        func metric(_ name: String, _ help: String, _ samples: [(labels: String, value: String)]) {
            lines.append("# HELP autochrome_\(name) \(help)")
            lines.append("# TYPE autochrome_\(name) gauge")
            for sample in samples { lines.append("autochrome_\(name)\(sample.labels) \(sample.value)") }
        }
        metric(
            "jobs", "Photographs by state.",
            [
                ("received", counts.received), ("claimed", counts.claimed), ("waiting", counts.waiting),
                ("published", counts.published), ("skipped", counts.skipped), ("failed", counts.failed),
                ("quarantined", counts.quarantined),
            ].map { ("{state=\"\($0.0)\"}", "\($0.1)") })
        let age = oldestPending.map { max(0, now.timeIntervalSince($0)) } ?? 0
        metric("oldest_job_age_seconds", "Age of the oldest photograph still to be done.", [("", "\(age)")])
        metric("jobs_in_hand", "Photographs being worked on.", [("", "\(inHand)")])
        metric("polling", "Whether the inbox is polled because events do not work.", [("", polling ? "1" : "0")])
        metric("paused", "Whether nothing new is begun.", [("", paused ? "1" : "0")])
        metric("outbox_free_bytes", "Free space in the outbox.", [("", "\(freeBytes)")])
        metric("last_update_timestamp_seconds", "When this was written.", [("", "\(now.timeIntervalSince1970)")])
        return lines.joined(separator: "\n") + "\n"
    }
}
