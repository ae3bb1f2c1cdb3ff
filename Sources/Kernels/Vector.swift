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
        let p = self + offset
        return Vector(p[0], p[2], p[4], p[6], p[8], p[10], p[12], p[14])
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
