import Colorization
import Foundation
import Spool

/// All settings of the service with their defaults; `etc/autochrome.yaml` lists the same.
package struct Configuration: Sendable, Equatable {
    /// The installed spool; the settings that are the spool's own have their defaults there.
    private static let installed = SpoolConfiguration(
        inbox: "/var/spool/autochrome/inbox", outbox: "/var/spool/autochrome/outbox", state: "/var/lib/autochrome")

    private static let retries = RetryPolicy()

    package var inbox = installed.inbox
    package var outbox = installed.outbox
    package var state = installed.state
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

    package var quietSeconds = installed.quietSeconds
    package var rescanSeconds = installed.rescanSeconds
    package var pollSeconds = installed.pollSeconds
    /// Watch by polling even where events work.
    package var polling = false
    package var exclude = installed.excludes
    package var originals = installed.originals

    package var maximumMegapixels = 120.0
    package var maximumMegabytes = 1024.0
    package var decodeSeconds = 120.0

    package var attempts = retries.attempts
    package var backoffSeconds = retries.baseSeconds
    /// Intake pauses while the outbox has less free space than this.
    package var freeMegabytes = Double(installed.reserveBytes) / 1e6

    /// Address of the queue through which other machines work too; empty: none do.
    package var queue = ""
    /// Whether a coordinator colours photographs as well.
    package var queueWorks = true
    /// Seconds after which a worker's photograph is another's if it was not heard of.
    package var leaseSeconds = 60.0

    /// Prometheus text file, rewritten every few seconds; empty: none.
    package var metrics = ""
    /// `debug`, `info`, `notice`, `warning` or `error`.
    package var logLevel = LogLevel.info

    package var coloring = ColoringSettings()

    package init() {}

    /// Threads that may be asked for.
    package static let threadRange = 0...1024

    package enum LogLevel: String, Sendable, CaseIterable { case debug, info, notice, warning, error }

    package var failedDirectory: String { spool(once: false).failed }
    package var archiveDirectory: String { spool(once: false).archive }
    /// `freeMegabytes` in bytes.
    package var reserveBytes: Int64 { Int64(freeMegabytes * 1e6) }
    package var effectiveThreads: Int { threads > 0 ? threads : ProcessInfo.processInfo.activeProcessorCount }
    package var effectiveWorkers: Int { workers > 0 ? min(workers, effectiveThreads) : effectiveThreads }
    /// Images in hand: while one is coloured, another is decoded or published, so that no core waits for a disk.
    package var imagesInHand: Int { 2 * effectiveWorkers }
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
