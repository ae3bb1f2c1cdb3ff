import Colorization
import Digest
import Files
import Flow
import Foundation
import Imaging
import Spool

/// The class of an error by its meaning for the image that it came up with.
package enum ErrorClass: Sendable, Equatable {
    /// The policy leaves such an image alone.
    case skipped(String)
    /// The file may still be growing.
    case incomplete(String)
    /// The trouble may pass.
    case temporary(String)
    /// The disk is full: never the image's fault.
    case noSpace(String)
    /// Something is gone or was replaced, perhaps the file itself.
    case gone(String)
    /// The work was given up because the daemon ends.
    case abandoned
    /// The error will come up with this file each time.
    case permanent(String)

    /// Whether the cause may be that a folder is gone, not the file.
    var mayBeOfFolders: Bool {
        switch self {
        case .temporary, .gone: true
        case .skipped, .incomplete, .noSpace, .abandoned, .permanent: false
        }
    }

    /// - Parameter name: The file's name, left out of the reason where the error begins with it.
    package init(_ error: any Error, of name: String) {
        let message = "\(error)"
        let prefix = name + ": "
        let text = message.hasPrefix(prefix) ? String(message.dropFirst(prefix.count)) : message
        switch error {
        case is CancellationError:
            self = .abandoned
        case ColorizationError.hint:
            // Whoever gave it may put it right.
            self = .temporary(text)
        case ColorizationError.skippedColored:
            self = .skipped(text)
        case is ColorizationError:
            self = .permanent(text)
        case let error as ImagingError:
            if error.isNoSpace {
                self = .noSpace(text)
            } else if error.isTransient {
                self = .temporary(text)
            } else if case .damaged = error {
                self = .incomplete(text)
            } else {
                self = .permanent(text)
            }
        case let error as FileError:
            if error.isDiskFull {
                self = .noSpace(text)
            } else if error.isGone {
                self = .gone(text)
            } else if case .refused = error {
                self = .permanent(text)
            } else {
                self = .temporary(text)
            }
        case is WorkQueueError:
            // As a full disk does, a queue that cannot be asked makes the intake wait.
            self = .noSpace(text)
        case let error as CocoaError where error.code == .fileWriteOutOfSpace:
            self = .noSpace(error.localizedDescription)
        default:
            // A sidecar may be saved while it is read, or put right.
            self = .temporary(text)
        }
    }
}
