import Foundation

/// A file descriptor for reading at given places, closed with the last reference.
final class InputFile: Sendable {
    private let path: String
    private let descriptor: Int32

    init(path: String) throws(SafeTensorsError) {
        descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        self.path = path
        guard descriptor >= 0 else { throw systemError() }
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    /// Calls a function with the descriptor, which stays open meanwhile.
    func withDescriptor<Result>(_ body: (Int32) throws -> Result) rethrows -> Result {
        defer { withExtendedLifetime(self) {} }
        return try body(descriptor)
    }

    /// Length in bytes; only regular files have one.
    func size() throws(SafeTensorsError) -> Int {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw systemError() }
        guard status.st_mode & S_IFMT == S_IFREG else { throw SafeTensorsError(path: path, reason: .notARegularFile) }
        return Int(status.st_size)
    }

    func read(_ range: Range<Int>) throws(SafeTensorsError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: range.count)
        // Typed throws do not pass through the standard library's closure.
        var failure: SafeTensorsError?
        bytes.withUnsafeMutableBytes { buffer in
            do throws(SafeTensorsError) { try read(range, into: buffer) } catch { failure = error }
        }
        if let failure { throw failure }
        return bytes
    }

    func read(_ range: Range<Int>, into buffer: UnsafeMutableRawBufferPointer) throws(SafeTensorsError) {
        precondition(buffer.count == range.count, "a buffer of \(buffer.count) bytes for \(range)")
        var done = 0
        while done < range.count {
            let place = off_t(range.lowerBound + done)
            let got = pread(descriptor, buffer.baseAddress! + done, range.count - done, place)
            if got < 0 && errno == EINTR { continue }
            guard got >= 0 else { throw systemError() }
            guard got > 0 else {
                // It was longer when it was opened.
                throw SafeTensorsError(path: path, reason: .truncated(expected: range.upperBound, found: Int(place)))
            }
            done += got
        }
    }

    private func systemError() -> SafeTensorsError {
        SafeTensorsError(path: path, reason: .system(String(cString: strerror(errno))))
    }
}
