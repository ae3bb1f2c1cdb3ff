import Files

/// The files that were delivered already, in sixteen bytes each.
///
/// Path and stamp are kept as keyed hashes of 64 bits. For 100,000 files the odds that any two paths share one are
/// below one in a billion, and nobody outside the process can aim for it.
struct SeenIndex {
    private var current: [UInt64: UInt64] = [:]
    private var next: [UInt64: UInt64]?

    /// Whether the file was delivered as it is now, with the sidecars that hold now.
    mutating func contains(_ path: RelativePath, _ stamp: FileStamp, _ sidecars: SidecarStamp = .none) -> Bool {
        let key = Self.digest(path)
        let value = Self.digest(stamp, sidecars)
        guard current[key] == value else { return false }
        next?[key] = value
        return true
    }

    mutating func insert(_ path: RelativePath, _ stamp: FileStamp, _ sidecars: SidecarStamp = .none) {
        let key = Self.digest(path)
        let value = Self.digest(stamp, sidecars)
        current[key] = value
        next?[key] = value
    }

    mutating func remove(_ path: RelativePath) {
        let key = Self.digest(path)
        current[key] = nil
        next?[key] = nil
    }

    /// A full scan starts: files that it does not meet are forgotten when it ends.
    mutating func beginScan() {
        next = [:]
    }

    mutating func endScan(complete: Bool) {
        if complete, let next { current = next }
        next = nil
    }

    private static func digest<each Part: Hashable>(_ parts: repeat each Part) -> UInt64 {
        var hasher = Hasher()
        repeat hasher.combine(each parts)
        return UInt64(bitPattern: Int64(hasher.finalize()))
    }
}
