import Foundation

/// An error of the spool as a whole.
package enum SpoolError: Error, Equatable, Sendable {
    /// The configuration cannot work.
    case configuration(String)
    /// Another process holds the lock.
    case locked(path: String, holder: String)
    /// The ledger cannot be read or written.
    case ledger(path: String, detail: String)
    /// A choice, or the document that holds it, makes no sense.
    case choice(file: String, reason: String)
}

extension SpoolError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .configuration(let detail):
            detail
        case .locked(let path, let holder):
            "\(path) is in use by another autochrome\(holder.isEmpty ? "" : " (process \(holder))")"
        case .ledger(let path, let detail):
            "ledger \(path): \(detail)"
        case .choice(let file, let reason):
            "\(file): \(reason)"
        }
    }
}

extension SpoolError: LocalizedError {
    package var errorDescription: String? { description }
}
