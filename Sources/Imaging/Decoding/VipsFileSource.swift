import CVips
import Foundation

/// Feeds libvips from an open descriptor, so that no name is looked up twice.
///
/// It also remembers why a read failed, which libvips does not tell, and stops a decoder at its deadline.
/// Not Sendable: libvips calls back on the thread that decodes.
final class VipsFileSource {
    let source: UnsafeMutablePointer<VipsSource>
    private let state: State

    /// The callbacks' state; separate, so that libvips' pointer to it needs no live `VipsFileSource`.
    private final class State {
        let descriptor: Int32
        let length: Int
        var deadline: ContinuousClock.Instant
        var offset = 0
        var code: Int32 = 0
        var isLate = false

        init(descriptor: Int32, length: Int, deadline: ContinuousClock.Instant) {
            self.descriptor = descriptor
            self.length = length
            self.deadline = deadline
        }
    }

    /// The `errno` of the first read that failed, or 0.
    var failure: Int32 { state.code }

    /// Whether the deadline has passed, or has stopped a read.
    var isLate: Bool { state.isLate || ContinuousClock.now > state.deadline }

    /// - Parameters:
    ///   - descriptor: open for reading, and until this object is gone; its own position does not matter.
    ///   - length: the file's length in bytes.
    ///   - deadline: when reads start to fail.
    init(descriptor: Int32, length: Int, deadline: ContinuousClock.Instant) throws {
        let state = State(descriptor: descriptor, length: length, deadline: deadline)
        let user = Unmanaged.passUnretained(state).toOpaque()
        guard let source = av_source_new(Self.read, Self.seek, user) else {
            throw ImagingError.library(reason: Vips.takeError())
        }
        self.state = state
        self.source = source
    }

    deinit { av_unref(source) }

    /// Lets reads go on until another deadline.
    func restart(deadline: ContinuousClock.Instant) { state.deadline = deadline }

    private static let read: av_transfer_fn = { _, data, length, user in
        guard let data, let user else { return -1 }
        let state = Unmanaged<State>.fromOpaque(user).takeUnretainedValue()
        if ContinuousClock.now > state.deadline {
            state.isLate = true
            return -1
        }
        while true {
            let count = pread(state.descriptor, data, length, state.offset)
            if count >= 0 {
                state.offset += count
                return count
            }
            if errno != EINTR {
                if state.code == 0 { state.code = errno }
                return -1
            }
        }
    }

    private static let seek: av_seek_fn = { _, offset, whence, user in
        guard let user else { return -1 }
        let state = Unmanaged<State>.fromOpaque(user).takeUnretainedValue()
        let base: Int
        switch whence {
        case SEEK_SET: base = 0
        case SEEK_CUR: base = state.offset
        case SEEK_END: base = state.length
        default: return -1
        }
        let (position, overflow) = base.addingReportingOverflow(offset)
        guard !overflow, position >= 0 else { return -1 }
        state.offset = position
        return position
    }
}
