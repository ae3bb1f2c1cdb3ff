import Foundation

/// An error of a file or folder, with its path and the reason.
package enum FileError: Error, Equatable, Sendable {
    /// A system call failed.
    case system(operation: String, path: String, code: Int32)
    /// The file system lacks room for the work.
    case noSpace(path: String, needed: Int64, available: Int64)
    /// A written file does not read back as it was written.
    case damaged(path: String, detail: String)
    /// Something else has the name already.
    case occupied(path: String)
    /// The file is no longer the one that was seen.
    case changed(path: String)
    /// The file is gone.
    case missing(path: String)
    /// Nothing of what is looked for is in a folder.
    case empty(path: String, of: String)
    /// The entry is not a plain file.
    case refused(path: String, reason: SpecialKind)

    /// Whether the cause is a full disk or quota, which is never the fault of the image.
    package var isDiskFull: Bool {
        switch self {
        case .noSpace: true
        case .system(_, _, let code): code == ENOSPC || code == EDQUOT
        default: false
        }
    }

    /// Whether the cause is that a file is gone or was replaced, so that there is nothing left to do.
    package var isGone: Bool {
        switch self {
        case .missing, .changed: true
        case .system(_, _, let code): code == ENOENT
        default: false
        }
    }

    /// Whether a network file system's server knows the file no longer by the name that it has here.
    package var isStale: Bool {
        if case .system(_, _, ESTALE) = self { true } else { false }
    }

    /// What an error of Foundation's about a file says, fit to be read; nil for other errors.
    package init?(_ error: any Error) {
        guard let error = error as? CocoaError, let path = error.filePath,
            let cause = (error.userInfo[NSUnderlyingErrorKey] as? any Error).map({ $0 as NSError }),
            cause.domain == NSPOSIXErrorDomain
        else { return nil }
        let code = Int32(cause.code)
        let operation =
            error.isFileError && error.code.rawValue >= CocoaError.fileWriteUnknown.rawValue ? "write" : "open"
        self = code == ENOENT ? .missing(path: path) : .system(operation: operation, path: path, code: code)
    }

    /// The error of the system call that has just failed.
    package static func last(_ operation: String, _ path: String) -> FileError {
        let code = errno
        return code == ENOENT ? .missing(path: path) : .system(operation: operation, path: path, code: code)
    }
}

extension FileError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .system(let operation, let path, let code):
            "\(path): cannot \(operation): \(String(cString: strerror(code)))"
        case .noSpace(let path, let needed, let available):
            "\(path): \(needed >> 20) MiB needed, \(available >> 20) MiB free"
        case .damaged(let path, let detail):
            "\(path) does not read back as written: \(detail)"
        case .occupied(let path):
            "\(path) exists already"
        case .changed(let path):
            "\(path) has changed since it was seen"
        case .missing(let path):
            "\(path) does not exist"
        case .empty(let path, let what):
            "\(path) holds no \(what)"
        case .refused(let path, let reason):
            "\(path) is refused: \(reason.rawValue)"
        }
    }
}

extension FileError: LocalizedError {
    package var errorDescription: String? { description }
}
