import Foundation

extension TemporaryFolder {
    /// Runs a function while nobody may read some files or folders of this one, not even where the tests run as root.
    package func withUnreadable<R>(_ names: String..., body: () throws -> R) throws -> R {
        try setMode(0o755, "")
        for name in names { try setMode(0, name) }
        defer { for name in names { try? setMode(0o755, name) } }
        guard geteuid() == 0 else { return try body() }
        _ = setfsuid(65534)
        defer { _ = setfsuid(0) }
        return try body()
    }

    private func setMode(_ mode: mode_t, _ name: String) throws {
        guard chmod(path + "/" + name, mode) == 0 else { throw POSIXError(.init(rawValue: errno) ?? .EIO) }
    }
}

/// Sets the user of the calling thread's file accesses alone; Glibc's module lacks it.
private let setfsuid = unsafeBitCast(dlsym(nil, "setfsuid"), to: (@convention(c) (uid_t) -> Int32).self)
