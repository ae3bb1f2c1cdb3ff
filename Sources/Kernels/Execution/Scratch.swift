import Synchronization

/// Buffers that kernels borrow for the length of a call and that are kept for the next one.
enum Scratch {
    /// Bytes that may lie idle; beyond it the largest idle buffer is freed first.
    private static let idleLimit = 256 << 20

    private static let pool = Mutex(Pool())

    /// Lends `body` room for `count` floats, 64-byte aligned, with undefined content.
    static func with<R>(_ count: Int, _ body: (UnsafeMutablePointer<Float>) -> R) -> R {
        let buffer = pool.withLock { $0.take(count) } ?? Buffer(count)
        defer { pool.withLock { $0.put(buffer, limit: idleLimit) } }
        return body(buffer.base)
    }

    /// Sendable because its memory belongs either to the pool or to one borrower.
    private struct Buffer: @unchecked Sendable {
        let base: UnsafeMutablePointer<Float>
        let count: Int

        init(_ count: Int) {
            // A quarter of slack lets calls of similar size share.
            self.count = count + count / 4 + 64
            let bytes = self.count * MemoryLayout<Float>.stride
            base = UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: 64)
                .bindMemory(to: Float.self, capacity: self.count)
        }

        func free() { UnsafeMutableRawPointer(base).deallocate() }
    }

    /// Idle buffers in order of size.
    private struct Pool {
        var idle: [Buffer] = []
        var bytes = 0

        mutating func take(_ count: Int) -> Buffer? {
            // A buffer much too large stays for the call that needs it.
            guard let index = idle.firstIndex(where: { $0.count >= count }), idle[index].count <= 4 * count + 4096
            else { return nil }
            let buffer = idle.remove(at: index)
            bytes -= buffer.count * MemoryLayout<Float>.stride
            return buffer
        }

        mutating func put(_ buffer: Buffer, limit: Int) {
            let index = idle.firstIndex { $0.count >= buffer.count } ?? idle.count
            idle.insert(buffer, at: index)
            bytes += buffer.count * MemoryLayout<Float>.stride
            while bytes > limit {
                let largest = idle.removeLast()
                bytes -= largest.count * MemoryLayout<Float>.stride
                largest.free()
            }
        }
    }
}
