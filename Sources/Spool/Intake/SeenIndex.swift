import Files

/// Which files were delivered already, in sixteen bytes each whatever their names.
///
/// Path and stamp are kept as keyed hashes of 64 bits. For 100,000 files the odds that any two paths share one are
/// below one in a billion, and nobody outside the process can aim for it.
struct SeenIndex {
    private var current: [UInt64: UInt64] = [:]
    private var next: [UInt64: UInt64]?

    /// Whether the file was delivered as it is now.
    mutating func contains(_ path: RelativePath, _ stamp: FileStamp) -> Bool {
        let key = Self.digest(path)
        let value = Self.digest(stamp)
        guard current[key] == value else { return false }
        next?[key] = value
        return true
    }

    mutating func insert(_ path: RelativePath, _ stamp: FileStamp) {
        let key = Self.digest(path)
        let value = Self.digest(stamp)
        current[key] = value
        next?[key] = value
    }

    mutating func remove(_ path: RelativePath) {
        let key = Self.digest(path)
        current[key] = nil
        next?[key] = nil
    }

    /// A full scan starts: what it does not meet is forgotten when it ends.
    mutating func beginScan() {
        next = [:]
    }

    mutating func endScan(complete: Bool) {
        if complete, let next { current = next }
        next = nil
    }

    private static func digest(_ value: some Hashable) -> UInt64 {
        var hasher = Hasher()
        hasher.combine(value)
        return UInt64(bitPattern: Int64(hasher.finalize()))
    }
}
