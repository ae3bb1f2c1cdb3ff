import CZlib
import Foundation

/// An array of bytes in the format of the MNIST database, compressed with gzip or not.
struct IDXFile {
    /// Length of each axis, outermost first.
    let shape: [Int]
    let bytes: [UInt8]

    /// Most elements accepted, so that a wrong header cannot ask for all memory.
    private static let limit = 1 << 30

    /// Reads a file of the given number of axes.
    init(path: String, axes: Int) throws(TrainingError) {
        func fail(_ reason: String) -> TrainingError { .data(path: path, reason: reason) }
        // zlib reads files that are not compressed as they are.
        guard let file = gzopen(path, "rb") else { throw fail(String(cString: strerror(errno))) }
        defer { gzclose(file) }
        func read(_ count: Int) throws(TrainingError) -> [UInt8] {
            var bytes = [UInt8](repeating: 0, count: count)
            let got = bytes.withUnsafeMutableBytes { Int(gzread(file, $0.baseAddress, UInt32($0.count))) }
            guard got == count else {
                throw fail(got < 0 ? "damaged: \(Self.reason(file))" : "truncated: \(got) bytes where \(count) are due")
            }
            return bytes
        }
        let head = try read(4 + 4 * axes)
        // Two zeros, the code of unsigned bytes, the number of axes.
        guard Array(head[0..<4]) == [0, 0, 8, UInt8(axes)] else {
            throw fail("not an IDX file of bytes with \(axes == 1 ? "1 axis" : "\(axes) axes")")
        }
        let shape = (1...axes).map { axis in head[4 * axis..<4 * axis + 4].reduce(0) { $0 << 8 | Int($1) } }
        var count = 1
        for length in shape {
            let (product, overflow) = count.multipliedReportingOverflow(by: length)
            guard !overflow, product <= Self.limit else { throw fail("impossible lengths \(shape)") }
            count = product
        }
        bytes = try read(count)
        self.shape = shape
        var extra: UInt8 = 0
        let rest = gzread(file, &extra, 1)
        if rest > 0 { throw fail("more bytes than its header says") }
        if rest < 0 { throw fail("damaged: \(Self.reason(file))") }
    }

    private static func reason(_ file: gzFile) -> String {
        var code: Int32 = 0
        return gzerror(file, &code).map { String(cString: $0) } ?? "unreadable"
    }
}
