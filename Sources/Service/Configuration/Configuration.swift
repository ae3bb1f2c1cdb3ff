import Colorization
import Foundation

/// Everything the service can be told, with its defaults; `etc/autochrome.yaml` lists the same.
package struct Configuration: Sendable, Equatable {
    /// What happens to an original once its variants are published.
    package enum Originals: String, Sendable, CaseIterable { case keep, archive, delete }

    package var inbox = "/var/spool/autochrome/inbox"
    package var outbox = "/var/spool/autochrome/outbox"
    package var state = "/var/lib/autochrome"
    /// Empty: `failed` in the state directory.
    package var failed = ""
    /// Empty: `archive` in the state directory.
    package var archive = ""
    /// Empty: the model that was installed with the program.
    package var model = ""

    /// Images worked on side by side; 0 chooses by the number of threads.
    package var workers = 0
    /// Threads in all; 0 means one for each core.
    package var threads = 0
    /// Photographs in memory at once, in megapixels.
    package var memoryMegapixels = 240.0

    package var quietSeconds = 2.0
    package var rescanSeconds = 300.0
    package var pollSeconds = 5.0
    /// Watch by polling even where events work.
    package var polling = false
    package var exclude: [String] = []
    package var originals = Originals.keep

    package var maximumMegapixels = 120.0
    package var maximumMegabytes = 1024.0
    package var decodeSeconds = 120.0

    package var attempts = 5
    package var backoffSeconds = 30.0
    /// Intake pauses while the outbox has less free space than this.
    package var freeMegabytes = 256.0

    /// Prometheus text file, rewritten every few seconds; empty: none.
    package var metrics = ""
    /// `debug`, `info`, `notice`, `warning` or `error`.
    package var logLevel = LogLevel.info

    package var coloring = ColoringSettings()

    package init() {}

    package enum LogLevel: String, Sendable, CaseIterable { case debug, info, notice, warning, error }

    package var failedDirectory: String { failed.isEmpty ? state + "/failed" : failed }
    package var archiveDirectory: String { archive.isEmpty ? state + "/archive" : archive }
    package var effectiveThreads: Int { threads > 0 ? threads : ProcessInfo.processInfo.activeProcessorCount }
    package var effectiveWorkers: Int { workers > 0 ? min(workers, effectiveThreads) : effectiveThreads }
    /// Threads that one image may use, so that workers × threads never exceeds the cores given.
    package var threadsPerWorker: Int { max(1, effectiveThreads / effectiveWorkers) }

    /// Throws the first setting that cannot work.
    package func validate() throws {
        for setting in Setting.all { try setting.validate(self) }
        do { try coloring.validate() } catch {
            throw ConfigurationError.value(key: "coloring", "\(error)")
        }
    }
}

/// Why a configuration or a sidecar was refused.
package enum ConfigurationError: Error, CustomStringConvertible, Equatable {
    case unreadable(file: String, String)
    case refused(file: String, String)
    case syntax(file: String, line: Int, String)
    case value(key: String, String)

    package var description: String {
        switch self {
        case .unreadable(let file, let reason): "\(file): cannot be read: \(reason)"
        case .refused(let file, let reason): "\(file): \(reason)"
        case .syntax(let file, let line, let reason): "\(file):\(line): \(reason)"
        case .value(let key, let reason): "\(key) \(reason)"
        }
    }
}
