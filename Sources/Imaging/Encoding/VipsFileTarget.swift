import CVips
import Foundation

/// Receives an encoder's bytes in a new file and remembers why a write failed.
///
/// Not Sendable in spirit: libvips writes from one thread at a time, and its joins order those accesses.
final class VipsFileTarget {
    let target: UnsafeMutablePointer<VipsTarget>
    private let state: State

    private final class State {
        let descriptor: Int32
        var code: Int32 = 0

        init(descriptor: Int32) { self.descriptor = descriptor }
    }

    /// The `errno` of the first write that failed, or 0.
    var failure: Int32 { state.code }

    /// - Parameter descriptor: open for reading and writing, and until this object is gone.
    init(descriptor: Int32) throws {
        let state = State(descriptor: descriptor)
        let user = Unmanaged.passUnretained(state).toOpaque()
        guard let target = av_target_new(Self.write, Self.read, Self.seek, Self.end, user) else {
            throw ImagingError.library(reason: Vips.takeError())
        }
        self.state = state
        self.target = target
    }

    deinit { av_unref(target) }

    private static func transfer(_ user: UnsafeMutableRawPointer?, _ call: (Int32) -> Int) -> Int {
        guard let user else { return -1 }
        let state = Unmanaged<State>.fromOpaque(user).takeUnretainedValue()
        while true {
            let count = call(state.descriptor)
            if count >= 0 { return count }
            if errno != EINTR {
                if state.code == 0 { state.code = errno }
                return -1
            }
        }
    }

    private static let write: av_transfer_fn = { _, data, length, user in
        transfer(user) { Foundation.write($0, data!, length) }
    }

    private static let read: av_transfer_fn = { _, data, length, user in
        transfer(user) { Foundation.read($0, data!, length) }
    }

    private static let seek: av_seek_fn = { _, offset, whence, user in
        transfer(user) { lseek($0, offset, whence) }
    }

    private static let end: av_end_fn = { _, _ in 0 }
}
