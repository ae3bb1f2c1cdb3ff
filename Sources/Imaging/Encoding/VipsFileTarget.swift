import CVips
import Foundation

/// A file as libvips' encoders write it.
///
/// libvips writes from one thread at a time, and its joins order those accesses.
final class VipsFileTarget {
    let target: UnsafeMutablePointer<VipsTarget>
    private let file: FileTarget

    init(_ file: FileTarget) throws {
        let user = Unmanaged.passUnretained(file).toOpaque()
        guard let target = av_target_new(Self.write, Self.end, user) else {
            throw ImagingError.library(reason: Vips.takeError())
        }
        self.file = file
        self.target = target
    }

    deinit { av_unref(target) }

    private static func file(_ user: UnsafeMutableRawPointer?) -> FileTarget? {
        user.map { Unmanaged<FileTarget>.fromOpaque($0).takeUnretainedValue() }
    }

    private static let write: av_transfer_fn = { _, data, length, user in
        guard let file = file(user), let data else { return -1 }
        return file.write(UnsafeRawBufferPointer(start: data, count: length)) ? length : -1
    }

    private static let end: av_end_fn = { _, _ in 0 }
}
