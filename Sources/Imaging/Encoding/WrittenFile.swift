import Foundation

/// A file that an encoder has just written, to be completed.
struct WrittenFile {
    let descriptor: Int32
    /// For messages.
    let name: String

    /// The number of bytes.
    func length() throws -> Int {
        let end = lseek(descriptor, 0, SEEK_END)
        guard end >= 0 else { throw ImagingError.cannotWrite(file: name, code: errno) }
        return Int(end)
    }

    func read(_ count: Int, at place: Int) throws -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        try transfer(count) { done in
            bytes.withUnsafeMutableBytes {
                pread(descriptor, $0.baseAddress! + done, count - done, off_t(place + done))
            }
        }
        return bytes
    }

    func write(_ bytes: [UInt8], at place: Int) throws {
        try transfer(bytes.count) { done in
            bytes.withUnsafeBytes {
                pwrite(descriptor, $0.baseAddress! + done, bytes.count - done, off_t(place + done))
            }
        }
    }

    func truncate(to length: Int) throws {
        guard ftruncate(descriptor, off_t(length)) == 0 else { throw ImagingError.cannotWrite(file: name, code: errno) }
    }

    /// A little-endian number.
    func number(_ count: Int, at place: Int) throws -> Int {
        try read(count, at: place).reversed().reduce(0) { $0 << 8 | Int($1) }
    }

    private func transfer(_ count: Int, _ call: (_ done: Int) -> Int) throws {
        var done = 0
        while done < count {
            let length = call(done)
            if length > 0 {
                done += length
            } else if length == 0 {
                throw ImagingError.cannotWrite(file: name, code: EIO)
            } else if errno != EINTR {
                throw ImagingError.cannotWrite(file: name, code: errno)
            }
        }
    }
}
