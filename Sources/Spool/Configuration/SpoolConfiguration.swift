import Files
import Foundation

/// The treatment of an original once its result is published.
package enum OriginalPolicy: String, Sendable, CaseIterable {
    case keep
    case archive
    case delete
}

/// The way in which the inbox is watched.
package enum WatchPolicy: String, Sendable, CaseIterable {
    /// By events where the file system gives them, else by polling.
    case automatic
    /// By polling alone.
    case polling
}

/// The folders of a spool, and its times.
package struct SpoolConfiguration: Equatable, Sendable {
    /// The watched folder.
    package var inbox: String
    /// The folder of the results.
    package var outbox: String
    /// The folder of the ledger and the lock.
    package var state: String
    /// The folder of files that failed for good, `failed` in the state folder unless told otherwise.
    package var failed: String
    /// The folder that originals move to under the policy `archive`, `archive` in the state folder unless told otherwise.
    package var archive: String
    package var originals = OriginalPolicy.keep
    package var watching = WatchPolicy.automatic

    /// Seconds for which a file's size, time and inode must stay as they are before it counts as ready.
    package var quietSeconds = 2.0
    /// Seconds for which a file that does not decode to its end is left alone before it counts as broken.
    package var truncatedSeconds = 30.0
    /// Seconds between full scans of the inbox while events arrive.
    package var rescanSeconds = 300.0
    /// Seconds between full scans of the inbox where no events arrive.
    package var pollSeconds = 5.0
    /// Globs of names to ignore; one with a slash is held against the whole path, else against each name of it.
    package var excludes: [String] = []
    /// Bytes that must stay free in the outbox beyond the need of a piece of work.
    package var reserveBytes: Int64 = 256_000_000

    /// Seconds that a file may have to rest; the upper bound keeps numbers computed from it within their types' ranges.
    package static let restRange = 0.0...604_800
    /// Seconds that may lie between two scans.
    package static let scanRange = 0.1...604_800

    /// A spool with the defaults.
    package init(inbox: String, outbox: String, state: String, failed: String = "", archive: String = "") {
        self.inbox = inbox
        self.outbox = outbox
        self.state = state
        self.failed = failed.isEmpty ? state + "/failed" : failed
        self.archive = archive.isEmpty ? state + "/archive" : archive
    }

    /// Throws the first setting that cannot work; it makes no folder.
    package func validate() throws {
        for (name, path) in folders where path.isEmpty || path.utf8.contains(0) {
            throw SpoolError.configuration("\(name): no path is given")
        }
        let times = [
            ("quiet seconds", quietSeconds, Self.restRange), ("truncated seconds", truncatedSeconds, Self.restRange),
            ("rescan seconds", rescanSeconds, Self.scanRange), ("poll seconds", pollSeconds, Self.scanRange),
        ]
        for (name, seconds, range) in times where !range.contains(seconds) {
            throw SpoolError.configuration("\(name): \(seconds) lies outside \(range)")
        }
        guard reserveBytes >= 0 else { throw SpoolError.configuration("reserve bytes: \(reserveBytes) is negative") }
        for glob in excludes where glob.isEmpty || glob.utf8.contains(0) {
            throw SpoolError.configuration("excludes: an empty glob")
        }
        try validateNesting()
    }

    /// Makes the folders that are missing, and returns the configuration with every path absolute and resolved.
    package func prepare() throws -> SpoolConfiguration {
        try validate()
        var resolved = self
        for key in [\SpoolConfiguration.inbox, \.outbox, \.state, \.failed] + (originals == .archive ? [\.archive] : [])
        {
            resolved[keyPath: key] = try Self.makeFolder(self[keyPath: key])
        }
        try resolved.validateNesting()
        return resolved
    }

    private var folders: [(name: String, path: String)] {
        [("inbox", inbox), ("outbox", outbox), ("state", state), ("failed", failed)]
            + (originals == .archive ? [("archive", archive)] : [])
    }

    /// No folder that is written to may be watched, nor the other way round.
    private func validateNesting() throws {
        let watched = Self.components(inbox)
        for (name, path) in folders.dropFirst() {
            let other = Self.components(path)
            if other == watched { throw SpoolError.configuration("\(name) is the inbox: \(path)") }
            if other.starts(with: watched) {
                throw SpoolError.configuration("\(name) lies inside the inbox: \(path) in \(inbox)")
            }
            // The inbox may lie inside the state folder, which is never listed; not inside those of results.
            if name != "state" && watched.starts(with: other) {
                throw SpoolError.configuration("the inbox lies inside \(name): \(inbox) in \(path)")
            }
        }
        let results = Self.components(outbox)
        for (name, path) in folders.dropFirst(3) where Self.components(path).starts(with: results) {
            throw SpoolError.configuration("\(name) lies inside the outbox: \(path) in \(outbox)")
        }
    }

    /// An absolute path with its symbolic links resolved, as far as it exists.
    package static func resolved(_ path: String) -> String {
        "/" + components(path).dropFirst().joined(separator: "/")
    }

    /// The names of an absolute path with its symbolic links resolved, as far as it exists.
    private static func components(_ path: String) -> [String] {
        var existing = URL(fileURLWithPath: path).standardizedFileURL
        var rest: [String] = []
        while true {
            if let resolved = realpath(existing.path, nil) {
                defer { free(resolved) }
                return URL(fileURLWithPath: String(cString: resolved)).pathComponents + rest.reversed()
            }
            guard existing.path != "/" else { return ["/"] + rest.reversed() }
            rest.append(existing.lastPathComponent)
            existing.deleteLastPathComponent()
        }
    }

    private static func makeFolder(_ path: String) throws -> String {
        do {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        } catch {
            throw SpoolError.configuration("\(path): the folder cannot be made: \(error.localizedDescription)")
        }
        guard let resolved = realpath(path, nil) else { throw FileError.last("resolve", path) }
        defer { free(resolved) }
        return String(cString: resolved)
    }
}
