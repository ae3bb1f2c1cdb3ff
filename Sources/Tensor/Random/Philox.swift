/// The counter-based generator Philox4x32-10 (Salmon and others 2011, "Parallel random numbers: as easy as 1, 2, 3").
///
/// A pure function of key and counter: any block can be had without those before it, on any host.
package enum Philox {
    /// Four random words for one counter value under one key.
    package static func block(counter: SIMD4<UInt32>, key: SIMD2<UInt32>) -> SIMD4<UInt32> {
        var (a, b, c, d) = (counter.x, counter.y, counter.z, counter.w)
        var (k0, k1) = (key.x, key.y)
        for _ in 0..<10 {
            let p0 = UInt64(a) &* 0xD251_1F53
            let p1 = UInt64(c) &* 0xCD9E_8D57
            (a, b, c, d) = (
                UInt32(truncatingIfNeeded: p1 >> 32) ^ b ^ k0, UInt32(truncatingIfNeeded: p1),
                UInt32(truncatingIfNeeded: p0 >> 32) ^ d ^ k1, UInt32(truncatingIfNeeded: p0)
            )
            k0 &+= 0x9E37_79B9
            k1 &+= 0xBB67_AE85
        }
        return SIMD4(a, b, c, d)
    }
}
