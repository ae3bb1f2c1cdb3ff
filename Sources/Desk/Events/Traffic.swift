import Foundation
import Synchronization

/// Requests and their times, for the metrics.
final class Traffic: Sendable {
    private static let bounds = [0.001, 0.005, 0.02, 0.1, 0.3, 1, 5]

    private struct Series {
        var buckets = [Int](repeating: 0, count: Traffic.bounds.count)
        var count = 0
        var seconds = 0.0
    }

    private struct State {
        var requests: [String: Int] = [:]
        var series: [String: Series] = [:]
    }

    private let state = Mutex(State())
    let connections = Atomic<Int>(0)
    let refusedConnections = Atomic<Int>(0)

    func count(_ endpoint: String, _ status: UInt, _ duration: Duration) {
        let seconds = duration / .seconds(1)
        state.withLock { state in
            state.requests["endpoint=\"\(endpoint)\",status=\"\(status)\"", default: 0] += 1
            // A stream of events has no time of its own.
            if endpoint == "events" { return }
            var series = state.series[endpoint] ?? Series()
            for (index, bound) in Self.bounds.enumerated() where seconds <= bound { series.buckets[index] += 1 }
            series.count += 1
            series.seconds += seconds
            state.series[endpoint] = series
        }
    }

    /// The figures in Prometheus' text format.
    var text: String {
        let (requests, series) = state.withLock { ($0.requests, $0.series) }
        var lines = [
            "# HELP autochrome_desk_connections Connections that are open.", "# TYPE autochrome_desk_connections gauge",
            "autochrome_desk_connections \(connections.load(ordering: .relaxed))",
            "# HELP autochrome_desk_refused_connections_total Connections beyond the limit.",
            "# TYPE autochrome_desk_refused_connections_total counter",
            "autochrome_desk_refused_connections_total \(refusedConnections.load(ordering: .relaxed))",
            "# HELP autochrome_desk_requests_total Requests that were answered.",
            "# TYPE autochrome_desk_requests_total counter",
        ]
        lines += requests.sorted { $0.key < $1.key }.map { "autochrome_desk_requests_total{\($0.key)} \($0.value)" }
        lines += [
            "# HELP autochrome_desk_request_seconds Time to an answer.",
            "# TYPE autochrome_desk_request_seconds histogram",
        ]
        for (endpoint, series) in series.sorted(by: { $0.key < $1.key }) {
            let name = "autochrome_desk_request_seconds"
            for (bound, count) in zip(Self.bounds, series.buckets) {
                lines.append("\(name)_bucket{endpoint=\"\(endpoint)\",le=\"\(bound)\"} \(count)")
            }
            lines.append("\(name)_bucket{endpoint=\"\(endpoint)\",le=\"+Inf\"} \(series.count)")
            lines.append("\(name)_sum{endpoint=\"\(endpoint)\"} \(series.seconds)")
            lines.append("\(name)_count{endpoint=\"\(endpoint)\"} \(series.count)")
        }
        return lines.joined(separator: "\n") + "\n"
    }
}
