import CVips
import Foundation

/// Keeps the reasons of concurrent failures apart.
///
/// libvips has one error buffer for the whole process, so that two damaged files decoded at once would share their
/// reasons. All work runs side by side; one that failed is repeated alone, and its reason is then its own.
enum ErrorBuffer {
    /// Runs work whose errors carry libvips' reasons, once more and alone if the reason may be another's.
    static func attributing<T>(_ work: () throws -> T) throws -> T {
        do {
            return try sharing(work)
        } catch let error as ImagingError {
            switch error {
            case .damaged, .unsupported, .library: break
            default: throw error
            }
        }
        pthread_rwlock_wrlock(lock)
        defer { pthread_rwlock_unlock(lock) }
        vips_error_clear()
        return try work()
    }

    /// Runs work beside other work, never beside a repetition.
    static func sharing<T>(_ work: () throws -> T) rethrows -> T {
        pthread_rwlock_rdlock(lock)
        defer { pthread_rwlock_unlock(lock) }
        return try work()
    }

    /// Safe to share: it is allocated once, never freed, and made for concurrent use.
    nonisolated(unsafe) private static let lock: UnsafeMutablePointer<pthread_rwlock_t> = {
        let lock = UnsafeMutablePointer<pthread_rwlock_t>.allocate(capacity: 1)
        var attributes = pthread_rwlockattr_t()
        pthread_rwlockattr_init(&attributes)
        // Otherwise a stream of readers could keep a writer waiting for ever.
        pthread_rwlockattr_setkind_np(&attributes, Int32(PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP))
        pthread_rwlock_init(lock, &attributes)
        pthread_rwlockattr_destroy(&attributes)
        return lock
    }()
}
