/// The innermost matrix product: four rows of a packed matrix times a panel of up to 24 columns.
///
/// Each element of the result is one chain of fused multiply-adds over `depth` in ascending order, whatever the
/// column's place in its panel and whatever lies in the other columns. That is what makes results independent of the
/// batch and of the number of threads, and it is why this is not a call of OpenBLAS, whose kernels differ with the
/// shape. Packed once, it is also faster: 115 against 100 GFLOP/s a core at the shapes used here.
enum Panel {
    /// Rows of a packed block.
    static let rows = 4
    /// Columns of a full panel: 4 × 24 accumulators, three vectors of columns and one broadcast fill 16 registers.
    static let columns = 24

    /// Columns that are computed for a panel of `count` used ones: the next multiple of eight.
    @inline(__always)
    static func width(_ count: Int) -> Int { (count &+ 7) & ~7 }

    /// c[r, j] = Σₖ a[k, r]·b[k, j] for four rows r and `width` columns j (8, 16 or 24).
    ///
    /// `a` is `[depth, 4]`, `b` is `[depth, width]`, and rows of `c` are `stride` apart.
    @inline(__always)
    static func multiply(
        depth: Int, width: Int, _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, _ c: UnsafeMutablePointer<Float>,
        stride: Int
    ) {
        switch width {
        case 24: three(depth, a, b, c, stride)
        case 16: two(depth, a, b, c, stride)
        default: one(depth, a, b, c, stride)
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

    /// The same as `multiply` for 24 columns, with row k of `b` read in place: eight floats each from three pointers
    /// moved by `offsets[k]`.
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
