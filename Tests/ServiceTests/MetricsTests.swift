import Foundation
import Spool
import Testing

@testable import Service

@Suite struct MetricsTests {
    private func metrics(oldest: Date?) -> Metrics {
        var counts = JobCounts()
        counts.received = 3
        counts.claimed = 2
        counts.published = 41
        counts.failed = 1
        return Metrics(counts: counts, oldestPending: oldest, inHand: 2, polling: true, paused: false, freeBytes: 4096)
    }

    /// The samples by name and labels; fails on a line that the text format does not know.
    private func samples(_ text: String) throws -> [String: Double] {
        var samples: [String: Double] = [:]
        var described: Set<Substring> = []
        #expect(text.hasSuffix("\n"))
        for line in text.split(separator: "\n") {
            if let match = line.wholeMatch(of: /# (HELP|TYPE) ([a-z_]+) .+/) {
                described.insert(match.2)
                continue
            }
            let pattern = /(([a-z_]+)(\{[a-z]+="[a-z]+"\})?) ([-+0-9.e]+)/
            let match = try #require(line.wholeMatch(of: pattern), "\(line)")
            #expect(described.contains(match.2))
            samples[String(match.1)] = Double(match.4)
        }
        return samples
    }

    @Test func theTextIsWhatPrometheusReads() throws {
        let now = Date(timeIntervalSince1970: 1_700_000_000)
        let found = try samples(metrics(oldest: now - 90).text(now: now))
        #expect(found["autochrome_jobs{state=\"received\"}"] == 3)
        #expect(found["autochrome_jobs{state=\"published\"}"] == 41)
        #expect(found["autochrome_jobs{state=\"quarantined\"}"] == 0)
        #expect(found["autochrome_oldest_job_age_seconds"] == 90)
        #expect(found["autochrome_jobs_in_hand"] == 2)
        #expect(found["autochrome_polling"] == 1)
        #expect(found["autochrome_paused"] == 0)
        #expect(found["autochrome_outbox_free_bytes"] == 4096)
        #expect(found["autochrome_last_update_timestamp_seconds"] == 1_700_000_000)
    }

    @Test func anAgeIsNeverNegative() throws {
        let now = Date(timeIntervalSince1970: 1_700_000_000)
        #expect(try samples(metrics(oldest: now + 5).text(now: now))["autochrome_oldest_job_age_seconds"] == 0)
        #expect(try samples(metrics(oldest: nil).text(now: now))["autochrome_oldest_job_age_seconds"] == 0)
    }
}
