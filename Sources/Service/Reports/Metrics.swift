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
    /// Other machines' queue; nil where there is none.
    package var queue: QueueLook?
    package var isQueueAway = false

    package init(
        counts: JobCounts, oldestPending: Date?, inHand: Int, polling: Bool, paused: Bool, freeBytes: Int64,
        queue: QueueLook? = nil, isQueueAway: Bool = false
    ) {
        (self.counts, self.oldestPending, self.inHand) = (counts, oldestPending, inHand)
        (self.polling, self.paused, self.freeBytes) = (polling, paused, freeBytes)
        (self.queue, self.isQueueAway) = (queue, isQueueAway)
    }

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
        if let queue {
            metric(
                "queue_orders", "Orders in the queue's streams, those in hand among them.",
                [("live", queue.live), ("bulk", queue.bulk), ("dead", queue.dead)].map {
                    ("{stream=\"\($0.0)\"}", "\($0.1)")
                })
            metric("queue_leases", "Orders that workers have in hand.", [("", "\(queue.held)")])
            let alive = queue.hosts.filter(\.isAlive)
            metric("queue_workers", "Worker processes that were heard of lately.", [("", "\(alive.count)")])
            let slots = alive.reduce(0) { $0 + $1.slots }
            metric("queue_slots", "Photographs they can work on at once.", [("", "\(slots)")])
            metric("queue_server_bytes", "Memory that the queue's server uses.", [("", "\(queue.bytes)")])
            metric("queue_away", "Whether the queue cannot be used.", [("", isQueueAway ? "1" : "0")])
        }
        metric("last_update_timestamp_seconds", "When this was written.", [("", "\(now.timeIntervalSince1970)")])
        return lines.joined(separator: "\n") + "\n"
    }
}
