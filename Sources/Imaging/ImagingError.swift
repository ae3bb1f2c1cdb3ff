import Foundation

/// An error of a photograph's file, with the file's name and the reason.
package enum ImagingError: Error, Equatable, CustomStringConvertible {
    /// Not a regular file: a symbolic link, directory, pipe, socket or device.
    case notAPhotograph(file: String, reason: String)
    /// The file cannot be opened; `code` is the `errno`.
    case cannotOpen(file: String, code: Int32)
    /// The file could be opened, and a read failed; `code` is the `errno`.
    case cannotRead(file: String, code: Int32)
    /// No allowed decoder knows the file, or it is a kind of image that is not handled.
    case unsupported(file: String, reason: String)
    /// The image exceeds a limit; found from its header, before any pixel was decoded.
    case overLimit(file: String, reason: String)
    /// The decoder found the file truncated or damaged.
    case damaged(file: String, reason: String)
    /// Decoding took longer than allowed.
    case tooSlow(file: String, seconds: Double)
    /// The process that decoded it crashed, or handed back what it cannot have found.
    case decoderFailed(file: String, reason: String)
    /// The process that decoded it was killed, or could not be started, which may have nothing to do with the file.
    case noDecoder(file: String, reason: String)
    /// The output cannot be written; `code` is the `errno`.
    case cannotWrite(file: String, code: Int32)
    /// The encoder refused the image.
    case cannotEncode(file: String, reason: String)
    /// A setting is out of its range.
    case invalidSetting(name: String, reason: String)
    /// libvips does not work here.
    case library(reason: String)

    /// Whether the same file may succeed later without having changed.
    package var isTransient: Bool {
        switch self {
        case .cannotOpen(_, let code): ![ENOENT, ELOOP, ENOTDIR, ENAMETOOLONG].contains(code)
        case .cannotRead, .cannotWrite, .tooSlow, .noDecoder, .library: true
        case .damaged(_, let reason), .cannotEncode(_, let reason): Self.isMachines(reason)
        case .notAPhotograph, .unsupported, .overLimit, .decoderFailed, .invalidSetting: false
        }
    }

    /// What libvips and its libraries say where the machine lacks memory, threads or descriptors.
    private static let shortages = [
        "out of memory", "insufficient memory", "cannot allocate memory", "unable to allocate", "memory allocation",
        "unable to create thread", "too many open files", "resource temporarily unavailable",
    ]

    /// Whether a reason is the machine's and not the file's.
    private static func isMachines(_ reason: String) -> Bool {
        let reason = reason.lowercased()
        return shortages.contains { reason.contains($0) }
    }

    /// Whether the disk or the quota is full, which is never the photograph's fault.
    package var isNoSpace: Bool {
        if case .cannotWrite(_, let code) = self { code == ENOSPC || code == EDQUOT } else { false }
    }

    package var description: String {
        switch self {
        case .notAPhotograph(let file, let reason): "\(file): \(reason)"
        case .cannotOpen(let file, let code): "\(file): cannot be opened: \(Self.text(code))"
        case .cannotRead(let file, let code): "\(file): cannot be read: \(Self.text(code))"
        case .unsupported(let file, let reason): "\(file): not supported: \(reason)"
        case .overLimit(let file, let reason): "\(file): over the limits: \(reason)"
        case .damaged(let file, let reason): "\(file): damaged or incomplete: \(reason)"
        case .tooSlow(let file, let seconds): "\(file): decoding took longer than \(seconds) seconds"
        case .decoderFailed(let file, let reason): "\(file): the decoder \(reason)"
        case .noDecoder(let file, let reason): "\(file): no decoder: \(reason)"
        case .cannotWrite(let file, let code): "\(file): cannot be written: \(Self.text(code))"
        case .cannotEncode(let file, let reason): "\(file): cannot be encoded: \(reason)"
        case .invalidSetting(let name, let reason): "\(name): \(reason)"
        case .library(let reason): "libvips: \(reason)"
        }
    }

    private static func text(_ code: Int32) -> String { String(cString: strerror(code)) }
}
