/// A dense array of 32-bit floats in row-major order, 64-byte aligned, with value semantics.
///
/// Images are `[N, C, H, W]`; matrices are `[rows, columns]`.
package struct Tensor: Sendable {
    /// Length of each axis, outermost first.
    package private(set) var shape: [Int]
    private var storage: AlignedStorage

    /// Number of elements.
    package var count: Int { storage.count }

    /// A tensor of zeros.
    package init(_ shape: [Int]) {
        self.init(uninitialized: shape)
        storage.base.update(repeating: 0, count: count)
    }

    /// A tensor whose elements the caller writes before anyone reads them.
    package init(uninitialized shape: [Int]) {
        precondition(shape.allSatisfy { $0 >= 0 }, "negative length in shape \(shape)")
        self.shape = shape
        storage = AlignedStorage(count: shape.reduce(1, *))
    }

    /// A tensor with the given elements in row-major order.
    package init(_ shape: [Int], _ values: [Float]) {
        self.init(uninitialized: shape)
        precondition(values.count == count, "\(values.count) values for shape \(shape)")
        values.withUnsafeBufferPointer { source in
            if let base = source.baseAddress { storage.base.update(from: base, count: count) }
        }
    }

    /// The elements in row-major order.
    package var values: [Float] { Array(UnsafeBufferPointer(start: storage.base, count: count)) }

    /// The same elements under another shape of equal count.
    package func reshaped(_ shape: [Int]) -> Tensor {
        precondition(shape.reduce(1, *) == count, "cannot reshape \(self.shape) to \(shape)")
        var copy = self
        copy.shape = shape
        return copy
    }

    /// Read access to the elements; the pointer is valid inside `body` only.
    package func withUnsafePointer<R, E>(_ body: (UnsafePointer<Float>) throws(E) -> R) throws(E) -> R {
        defer { withExtendedLifetime(storage) {} }
        return try body(UnsafePointer(storage.base))
    }

    /// Write access to the elements, copied first if they are shared; the pointer is valid inside `body` only.
    package mutating func withUnsafeMutablePointer<R, E>(
        _ body: (UnsafeMutablePointer<Float>) throws(E) -> R
    ) throws(E) -> R {
        if !isKnownUniquelyReferenced(&storage) {
            let copy = AlignedStorage(count: storage.count)
            copy.base.update(from: storage.base, count: storage.count)
            storage = copy
        }
        defer { withExtendedLifetime(storage) {} }
        return try body(storage.base)
    }
}

/// Owns the elements of a tensor.
///
/// Sendable because `Tensor` writes only to storage that it alone references.
private final class AlignedStorage: @unchecked Sendable {
    let base: UnsafeMutablePointer<Float>
    let count: Int

    init(count: Int) {
        self.count = count
        let raw = UnsafeMutableRawPointer.allocate(byteCount: max(1, count) * MemoryLayout<Float>.stride, alignment: 64)
        base = raw.bindMemory(to: Float.self, capacity: max(1, count))
    }

    deinit { UnsafeMutableRawPointer(base).deallocate() }
}
