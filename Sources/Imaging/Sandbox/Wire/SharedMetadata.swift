import CSandbox
import Files
import Foundation

/// The shared memory in which a helper hands back metadata, which are too long for a message.
enum SharedMetadata {
    /// More than any metadata within their limits take.
    private static let size = 4 << 20

    /// New memory; nil, and `errno`, if there is none.
    static func make() -> Descriptor? {
        let memory = sb_memory("metadata", off_t(size))
        return memory < 0 ? nil : Descriptor(owning: memory)
    }

    /// Puts data in; the helper's side.
    /// - Returns: their length; nil if they do not fit.
    static func fill(_ memory: Descriptor, _ data: Data) -> Int? {
        guard data.count <= size, let base = mmap(nil, size, PROT_READ | PROT_WRITE, MAP_SHARED, memory.raw, 0),
            base != MAP_FAILED
        else { return nil }
        defer { munmap(base, size) }
        data.copyBytes(to: base.assumingMemoryBound(to: UInt8.self), count: data.count)
        return data.count
    }

    /// A copy of so many bytes; nil if there are not as many.
    static func read(_ memory: Descriptor, bytes: Int) -> Data? {
        guard (1...size).contains(bytes) else { return nil }
        var data = Data(count: bytes)
        let isWhole = data.withUnsafeMutableBytes { SharedPixels.copy(memory, $0.baseAddress!, bytes, at: 0) }
        return isWhole ? data : nil
    }
}
