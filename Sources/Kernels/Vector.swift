/// Eight floats, one AVX register; the compiler splits it in two where registers are narrower.
typealias Vector = SIMD8<Float>

extension UnsafePointer<Float> {
    /// Eight floats from `offset` on; no alignment needed.
    @inline(__always)
    func vector(_ offset: Int) -> Vector {
        UnsafeRawPointer(self + offset).loadUnaligned(as: Vector.self)
    }

    /// Four floats from `offset` on.
    @inline(__always)
    func quad(_ offset: Int) -> SIMD4<Float> {
        UnsafeRawPointer(self + offset).loadUnaligned(as: SIMD4<Float>.self)
    }

    /// Every second of the sixteen floats from `offset` on; reads all sixteen.
    @inline(__always)
    func evenVector(_ offset: Int) -> Vector {
        UnsafeRawPointer(self + offset).loadUnaligned(as: SIMD16<Float>.self).evenHalf
    }
}

extension UnsafeMutablePointer<Float> {
    /// Eight floats from `offset` on; no alignment needed.
    @inline(__always)
    func vector(_ offset: Int) -> Vector {
        UnsafePointer(self).vector(offset)
    }

    /// Writes eight floats from `offset` on; no alignment needed.
    @inline(__always)
    func put(_ vector: Vector, _ offset: Int) {
        UnsafeMutableRawPointer(self + offset).storeBytes(of: vector, as: Vector.self)
    }

    /// Writes four floats from `offset` on.
    @inline(__always)
    func put(_ quad: SIMD4<Float>, _ offset: Int) {
        UnsafeMutableRawPointer(self + offset).storeBytes(of: quad, as: SIMD4<Float>.self)
    }
}

/// Eight vectors seen as an 8 × 8 matrix, one vector a row.
struct Matrix8 {
    var rows: (Vector, Vector, Vector, Vector, Vector, Vector, Vector, Vector)

    @inline(__always)
    init(
        _ r0: Vector, _ r1: Vector, _ r2: Vector, _ r3: Vector, _ r4: Vector, _ r5: Vector, _ r6: Vector, _ r7: Vector
    ) {
        rows = (r0, r1, r2, r3, r4, r5, r6, r7)
    }

    /// Rows and columns exchanged, in three rounds of shuffles that map to single instructions.
    @inline(__always)
    var transposed: Matrix8 {
        let (a0, a1) = Self.interleave(rows.0, rows.1)
        let (b0, b1) = Self.interleave(rows.2, rows.3)
        let (c0, c1) = Self.interleave(rows.4, rows.5)
        let (d0, d1) = Self.interleave(rows.6, rows.7)
        let (p0, p1) = Self.pairs(a0, b0)
        let (p2, p3) = Self.pairs(a1, b1)
        let (q0, q1) = Self.pairs(c0, d0)
        let (q2, q3) = Self.pairs(c1, d1)
        return Matrix8(
            Vector(lowHalf: p0.lowHalf, highHalf: q0.lowHalf), Vector(lowHalf: p1.lowHalf, highHalf: q1.lowHalf),
            Vector(lowHalf: p2.lowHalf, highHalf: q2.lowHalf), Vector(lowHalf: p3.lowHalf, highHalf: q3.lowHalf),
            Vector(lowHalf: p0.highHalf, highHalf: q0.highHalf), Vector(lowHalf: p1.highHalf, highHalf: q1.highHalf),
            Vector(lowHalf: p2.highHalf, highHalf: q2.highHalf), Vector(lowHalf: p3.highHalf, highHalf: q3.highHalf))
    }

    @inline(__always)
    private static func interleave(_ x: Vector, _ y: Vector) -> (Vector, Vector) {
        (
            Vector(x[0], y[0], x[1], y[1], x[4], y[4], x[5], y[5]),
            Vector(x[2], y[2], x[3], y[3], x[6], y[6], x[7], y[7])
        )
    }

    @inline(__always)
    private static func pairs(_ x: Vector, _ y: Vector) -> (Vector, Vector) {
        (
            Vector(x[0], x[1], y[0], y[1], x[4], x[5], y[4], y[5]),
            Vector(x[2], x[3], y[2], y[3], x[6], x[7], y[6], y[7])
        )
    }
}
