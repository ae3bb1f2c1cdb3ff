import Spool

extension Configuration {
    /// The configuration of the spool.
    ///
    /// - Parameter once: Whether for a single run, which does not wait long for files that will not become whole.
    package func spool(once: Bool) -> SpoolConfiguration {
        var spool = SpoolConfiguration(
            inbox: inbox, outbox: outbox, state: state, failed: failed, archive: archive)
        spool.originals = originals
        spool.watching = polling ? .polling : .automatic
        spool.quietSeconds = quietSeconds
        spool.truncatedSeconds = once ? quietSeconds : max(spool.truncatedSeconds, quietSeconds)
        spool.rescanSeconds = rescanSeconds
        spool.pollSeconds = pollSeconds
        spool.excludes = exclude
        spool.reserveBytes = reserveBytes
        return spool
    }

    /// The settings that differ and that a running daemon cannot change.
    package func keysThatNeedRestart(comparedWith other: Configuration) -> [String] {
        Setting.all.filter { $0.scope == .restart && $0.text(self) != $0.text(other) }.map(\.key)
    }

    /// Another configuration, with this one's values where only a restart applies a setting.
    ///
    /// The watch and the treatment of originals stay as they were at the start: half a change would lose photographs.
    package func reloaded(from other: Configuration) -> Configuration {
        var next = other
        for setting in Setting.all where setting.scope == .restart { setting.copy(self, &next) }
        return next
    }
}
