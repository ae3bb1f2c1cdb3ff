import Files
import Foundation

/// A file of tensors, read at given places.
struct SafeTensorsFile: Sendable {
    let descriptor: Descriptor
    private let path: String

    init(path: String) throws(SafeTensorsError) {
        let raw = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard raw >= 0 else { throw Self.systemError(path) }
        descriptor = Descriptor(owning: raw)
        self.path = path
    }

    /// Length in bytes; only regular files have one.
    func size() throws(SafeTensorsError) -> Int {
        var status = stat()
        guard fstat(descriptor.raw, &status) == 0 else { throw Self.systemError(path) }
        guard status.st_mode & S_IFMT == S_IFREG else { throw SafeTensorsError(path: path, reason: .notARegularFile) }
        return Int(status.st_size)
    }

    func read(_ range: Range<Int>) throws(SafeTensorsError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: range.count)
        try read(range, into: &bytes)
        return bytes
    }

    /// Reads into the beginning of an array that is long enough.
    func read(_ range: Range<Int>, into bytes: inout [UInt8]) throws(SafeTensorsError) {
        // Typed throws do not pass through the standard library's closure.
        var failure: SafeTensorsError?
        bytes.withUnsafeMutableBytes { buffer in
            let part = UnsafeMutableRawBufferPointer(rebasing: buffer[..<range.count])
            do throws(SafeTensorsError) { try read(range, into: part) } catch { failure = error }
        }
        if let failure { throw failure }
    }

    func read(_ range: Range<Int>, into buffer: UnsafeMutableRawBufferPointer) throws(SafeTensorsError) {
        precondition(buffer.count == range.count, "a buffer of \(buffer.count) bytes for \(range)")
        var done = 0
        while done < range.count {
            let place = off_t(range.lowerBound + done)
            let got = pread(descriptor.raw, buffer.baseAddress! + done, range.count - done, place)
            if got < 0 && errno == EINTR { continue }
            guard got >= 0 else { throw Self.systemError(path) }
            guard got > 0 else {
                // It was longer when it was opened.
                throw SafeTensorsError(path: path, reason: .truncated(expected: range.upperBound, found: Int(place)))
            }
            done += got
        }
    }

    private static func systemError(_ path: String) -> SafeTensorsError {
        SafeTensorsError(path: path, reason: .system(String(cString: strerror(errno))))
    }
}
