import Foundation

/// Receives an encoder's bytes in a new file and remembers why a write failed.
///
/// Not Sendable in spirit: encoders write from one thread at a time.
final class FileTarget {
    /// Bytes that are written amid those of an encoder that never seeks.
    struct Insertion {
        /// The number of the encoder's bytes before them.
        var place: Int
        var bytes: [UInt8]
    }

    let descriptor: Int32
    /// The `errno` of the first call that failed, or 0.
    private(set) var failure: Int32 = 0
    /// Bytes of the encoder's own that are to be written before the insertion; nil once it is in.
    private var left: Int?
    private let insertion: [UInt8]

    /// - Parameter descriptor: open for reading and writing, and until this object is gone.
    init(descriptor: Int32, inserting insertion: Insertion? = nil) {
        self.descriptor = descriptor
        self.insertion = insertion?.bytes ?? []
        left = insertion?.place
    }

    /// Writes all of the bytes.
    /// - Returns: whether that was possible.
    func write(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard let place = left, bytes.count >= place else {
            if let place = left { left = place - bytes.count }
            return append(bytes)
        }
        left = nil
        return append(.init(rebasing: bytes[..<place])) && insertion.withUnsafeBytes(append)
            && append(.init(rebasing: bytes[place...]))
    }

    private func append(_ bytes: UnsafeRawBufferPointer) -> Bool {
        var done = 0
        while done < bytes.count {
            let count = transfer { Foundation.write($0, bytes.baseAddress! + done, bytes.count - done) }
            if count < 0 { return false }
            done += count
        }
        return true
    }

    /// Calls again what a signal interrupted, and notes the reason of a failure.
    func transfer(_ call: (Int32) -> Int) -> Int {
        while true {
            let count = call(descriptor)
            if count >= 0 { return count }
            if errno != EINTR {
                note(errno)
                return -1
            }
        }
    }

    /// Notes the reason of a failure, unless there is an earlier one; 0 is none.
    func note(_ code: Int32) {
        if failure == 0 { failure = code }
    }
}
