import Spool

extension Configuration {
    /// Where the spool lies and how patient it is.
    package func spool(once: Bool) -> SpoolConfiguration {
        var spool = SpoolConfiguration(
            inbox: inbox, outbox: outbox, state: state, failed: failedDirectory, archive: archiveDirectory)
        spool.originals = OriginalPolicy(rawValue: originals.rawValue) ?? .keep
        spool.watching = polling ? .polling : .automatic
        spool.quietSeconds = quietSeconds
        // A single run should not wait long for files that will not get whole.
        spool.truncatedSeconds = once ? quietSeconds : max(30, quietSeconds)
        spool.rescanSeconds = rescanSeconds
        spool.pollSeconds = pollSeconds
        spool.excludes = exclude
        spool.reserveBytes = Int64(freeMegabytes * 1e6)
        return spool
    }

    /// The settings that differ and that a running daemon cannot change.
    package func keysThatNeedRestart(comparedWith other: Configuration) -> [String] {
        let fixed: Set<String> = [
            "inbox", "outbox", "state", "failed", "archive", "workers", "threads", "quiet_seconds", "rescan_seconds",
            "poll_seconds", "polling", "exclude", "originals", "attempts", "backoff_seconds", "free_megabytes",
            "log_level",
        ]
        return Setting.all.filter { fixed.contains($0.key) && $0.text(self) != $0.text(other) }.map(\.key)
    }
}
