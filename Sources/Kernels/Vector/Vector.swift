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

    /// Every second of the fifteen floats from `offset` on.
    @inline(__always)
    func evenVector(_ offset: Int) -> Vector {
        let (a, b) = (vector(offset), vector(offset &+ 7))
        return Vector(a[0], a[2], a[4], a[6], b[1], b[3], b[5], b[7])
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
