import Foundation

/// What a process that is started inherits of signals.
package enum SpawnAttributes {
    /// Runs a function with the attributes of a process in which no signal is blocked: Dispatch blocks them on its threads, and
    /// masks are inherited.
    ///
    /// - Parameters:
    ///   - resetsReactions: Whether signals that are ignored here are not ignored there.
    ///   - flags: Further ones of `posix_spawnattr_setflags`.
    package static func with<R>(
        resetsReactions: Bool, flags: Int32 = 0, _ body: (UnsafePointer<posix_spawnattr_t>) -> R
    ) -> R {
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var signals = sigset_t()
        sigemptyset(&signals)
        posix_spawnattr_setsigmask(&attributes, &signals)
        sigfillset(&signals)
        posix_spawnattr_setsigdefault(&attributes, &signals)
        let reset = resetsReactions ? POSIX_SPAWN_SETSIGDEF : 0
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | reset | flags))
        return body(&attributes)
    }
}
