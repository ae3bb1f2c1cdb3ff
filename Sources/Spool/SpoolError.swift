import Foundation

/// What can go wrong with files, folders and the ledger.
package enum SpoolError: Error, Equatable, Sendable {
    /// A system call failed.
    case system(operation: String, path: String, code: Int32)
    /// The configuration cannot work.
    case configuration(String)
    /// Another process holds the lock.
    case locked(path: String, holder: String)
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
    /// The entry is not a plain file.
    case refused(path: String, reason: Refusal.Reason)
    /// The ledger cannot be read or written.
    case ledger(path: String, detail: String)

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

    /// The error of the system call that has just failed.
    static func last(_ operation: String, _ path: String) -> SpoolError {
        let code = errno
        return code == ENOENT ? .missing(path: path) : .system(operation: operation, path: path, code: code)
    }
}

extension SpoolError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .system(let operation, let path, let code):
            "\(path): cannot \(operation): \(String(cString: strerror(code)))"
        case .configuration(let detail):
            detail
        case .locked(let path, let holder):
            "\(path) is in use by another autochrome\(holder.isEmpty ? "" : " (process \(holder))")"
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
        case .refused(let path, let reason):
            "\(path) is refused: \(reason.rawValue)"
        case .ledger(let path, let detail):
            "ledger \(path): \(detail)"
        }
    }
}

extension SpoolError: LocalizedError {
    package var errorDescription: String? { description }
}

/// An entry of the inbox that is not taken, and why.
package struct Refusal: Equatable, Sendable {
    /// Why an entry is not taken.
    package enum Reason: String, Sendable {
        case symbolicLink = "a symbolic link"
        case fifo = "a FIFO"
        case socket = "a socket"
        case device = "a device"
        case special = "not a plain file"
    }

    package let path: SpoolPath
    package let reason: Reason
}
