#if arch(x86_64)
    import CKernels
#endif

/// The innermost matrix product: four rows of a packed matrix times a panel of up to three vectors of columns.
///
/// Each element of the result is one chain of fused multiply-adds over `depth` in ascending order, whatever the
/// column's place in its panel and whatever lies in the other columns. That is what makes results independent of the
/// batch, of the number of threads and of the processor, and it is why this is not a call of OpenBLAS, whose kernels
/// differ with the shape. Packed once, it is also faster.
enum Microkernel {
    /// Rows of a packed block.
    static let rows = 4
    /// Floats of the vectors that the products are computed in: 16 with AVX-512, else 8.
    static let lanes = Processor.hasAVX512 ? 16 : 8
    /// Columns of a full panel.
    ///
    /// Of 16 registers, three vectors take twelve for sums, three for columns and one for a row. AVX-512 has 32, but
    /// two of its vectors leave no remainder at the networks' sizes.
    static let columns = lanes == 16 ? 32 : 24

    /// Columns that are computed for a panel of `count` used ones: none, 8 or whole vectors.
    @inline(__always)
    static func width(_ count: Int) -> Int {
        let unit = count <= 8 ? 8 : lanes
        return (count &+ unit &- 1) & ~(unit &- 1)
    }

    /// c[r, j] = Σₖ a[k, r]·b[k, j] for the four rows r of each block and `width` columns j, as `width(_:)` gives them.
    ///
    /// `a` is `[blocks, depth, 4]`, `b` is `[depth, width]`, and rows of `c` are `stride` apart.
    @inline(__always)
    static func multiply(
        blocks: Int = 1, depth: Int, width: Int, _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>,
        _ c: UnsafeMutablePointer<Float>, stride: Int, lanes: Int = lanes
    ) {
        #if arch(x86_64)
            if lanes == 16, width > 8 { return avx512_multiply(blocks, depth, width, a, b, c, stride) }
        #endif
        for block in 0..<blocks {
            let (a, c) = (a + block &* rows &* depth, c + block &* rows &* stride)
            switch width {
            case 24: three(depth, a, b, c, stride)
            case 16: two(depth, a, b, c, stride)
            default: one(depth, a, b, c, stride)
            }
        }
    }

    @inline(never)
    private static func three(
        _ depth: Int, _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, _ c: UnsafeMutablePointer<Float>,
        _ stride: Int
    ) {
        var (c00, c01, c02) = (Vector.zero, Vector.zero, Vector.zero)
        var (c10, c11, c12) = (Vector.zero, Vector.zero, Vector.zero)
        var (c20, c21, c22) = (Vector.zero, Vector.zero, Vector.zero)
        var (c30, c31, c32) = (Vector.zero, Vector.zero, Vector.zero)
        var (a, b) = (a, b)
        for _ in 0..<depth {
            let (b0, b1, b2) = (b.vector(0), b.vector(8), b.vector(16))
            var x = Vector(repeating: a[0])
            c00 = c00.addingProduct(x, b0)
            c01 = c01.addingProduct(x, b1)
            c02 = c02.addingProduct(x, b2)
            x = Vector(repeating: a[1])
            c10 = c10.addingProduct(x, b0)
            c11 = c11.addingProduct(x, b1)
            c12 = c12.addingProduct(x, b2)
            x = Vector(repeating: a[2])
            c20 = c20.addingProduct(x, b0)
            c21 = c21.addingProduct(x, b1)
            c22 = c22.addingProduct(x, b2)
            x = Vector(repeating: a[3])
            c30 = c30.addingProduct(x, b0)
            c31 = c31.addingProduct(x, b1)
            c32 = c32.addingProduct(x, b2)
            a += 4
            b += 24
        }
        c.put(c00, 0)
        c.put(c01, 8)
        c.put(c02, 16)
        c.put(c10, stride)
        c.put(c11, stride &+ 8)
        c.put(c12, stride &+ 16)
        c.put(c20, 2 &* stride)
        c.put(c21, 2 &* stride &+ 8)
        c.put(c22, 2 &* stride &+ 16)
        c.put(c30, 3 &* stride)
        c.put(c31, 3 &* stride &+ 8)
        c.put(c32, 3 &* stride &+ 16)
    }

    @inline(never)
    private static func two(
        _ depth: Int, _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, _ c: UnsafeMutablePointer<Float>,
        _ stride: Int
    ) {
        var (c00, c01, c10, c11) = (Vector.zero, Vector.zero, Vector.zero, Vector.zero)
        var (c20, c21, c30, c31) = (Vector.zero, Vector.zero, Vector.zero, Vector.zero)
        var (a, b) = (a, b)
        for _ in 0..<depth {
            let (b0, b1) = (b.vector(0), b.vector(8))
            var x = Vector(repeating: a[0])
            c00 = c00.addingProduct(x, b0)
            c01 = c01.addingProduct(x, b1)
            x = Vector(repeating: a[1])
            c10 = c10.addingProduct(x, b0)
            c11 = c11.addingProduct(x, b1)
            x = Vector(repeating: a[2])
            c20 = c20.addingProduct(x, b0)
            c21 = c21.addingProduct(x, b1)
            x = Vector(repeating: a[3])
            c30 = c30.addingProduct(x, b0)
            c31 = c31.addingProduct(x, b1)
            a += 4
            b += 16
        }
        c.put(c00, 0)
        c.put(c01, 8)
        c.put(c10, stride)
        c.put(c11, stride &+ 8)
        c.put(c20, 2 &* stride)
        c.put(c21, 2 &* stride &+ 8)
        c.put(c30, 3 &* stride)
        c.put(c31, 3 &* stride &+ 8)
    }

    @inline(never)
    private static func one(
        _ depth: Int, _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, _ c: UnsafeMutablePointer<Float>,
        _ stride: Int
    ) {
        var (c0, c1, c2, c3) = (Vector.zero, Vector.zero, Vector.zero, Vector.zero)
        var (a, b) = (a, b)
        for _ in 0..<depth {
            let b0 = b.vector(0)
            c0 = c0.addingProduct(Vector(repeating: a[0]), b0)
            c1 = c1.addingProduct(Vector(repeating: a[1]), b0)
            c2 = c2.addingProduct(Vector(repeating: a[2]), b0)
            c3 = c3.addingProduct(Vector(repeating: a[3]), b0)
            a += 4
            b += 8
        }
        c.put(c0, 0)
        c.put(c1, stride)
        c.put(c2, 2 &* stride)
        c.put(c3, 3 &* stride)
    }

    /// The same as `multiply` for a block and a full panel, with row k of `b` read in place.
    ///
    /// Sixteen floats each come from two pointers moved by `offsets[k]`. Bias and addend are added, the activation is
    /// applied, and rows are written `stride` apart. Only with vectors of sixteen floats.
    static func convolveWide(
        rows: Int, _ offsets: [Int], _ a: UnsafePointer<Float>, _ left: UnsafePointer<Float>,
        _ right: UnsafePointer<Float>, bias: UnsafePointer<Float>, addend: UnsafePointer<Float>?, _ clamp: Clamp,
        _ c: UnsafeMutablePointer<Float>, stride: Int
    ) {
        #if arch(x86_64)
            avx512_convolve(
                Int32(rows), offsets.count, offsets, a, left, right, bias, addend, clamp.slope, clamp.limit, c, stride)
        #else
            preconditionFailure("no vectors of sixteen floats here")
        #endif
    }

    /// The same as `multiply` for a block and a full panel of three vectors of eight floats, with row k of `b` read in
    /// place, from three pointers moved by `offsets[k]`.
    ///
    /// For filters of few rows, where writing and rereading a panel would cost more than the arithmetic.
    @inline(never)
    static func convolve(
        _ offsets: [Int], _ a: UnsafePointer<Float>, _ b0: UnsafePointer<Float>, _ b1: UnsafePointer<Float>,
        _ b2: UnsafePointer<Float>, _ c: UnsafeMutablePointer<Float>
    ) {
        var (c00, c01, c02) = (Vector.zero, Vector.zero, Vector.zero)
        var (c10, c11, c12) = (Vector.zero, Vector.zero, Vector.zero)
        var (c20, c21, c22) = (Vector.zero, Vector.zero, Vector.zero)
        var (c30, c31, c32) = (Vector.zero, Vector.zero, Vector.zero)
        var a = a
        offsets.withUnsafeBufferPointer { offsets in
            for offset in offsets {
                let (v0, v1, v2) = (b0.vector(offset), b1.vector(offset), b2.vector(offset))
                var x = Vector(repeating: a[0])
                c00 = c00.addingProduct(x, v0)
                c01 = c01.addingProduct(x, v1)
                c02 = c02.addingProduct(x, v2)
                x = Vector(repeating: a[1])
                c10 = c10.addingProduct(x, v0)
                c11 = c11.addingProduct(x, v1)
                c12 = c12.addingProduct(x, v2)
                x = Vector(repeating: a[2])
                c20 = c20.addingProduct(x, v0)
                c21 = c21.addingProduct(x, v1)
                c22 = c22.addingProduct(x, v2)
                x = Vector(repeating: a[3])
                c30 = c30.addingProduct(x, v0)
                c31 = c31.addingProduct(x, v1)
                c32 = c32.addingProduct(x, v2)
                a += 4
            }
        }
        c.put(c00, 0)
        c.put(c01, 8)
        c.put(c02, 16)
        c.put(c10, 24)
        c.put(c11, 32)
        c.put(c12, 40)
        c.put(c20, 48)
        c.put(c21, 56)
        c.put(c22, 64)
        c.put(c30, 72)
        c.put(c31, 80)
        c.put(c32, 88)
    }
}
