/// Moves tiles between images and vectors with one tile a lane.
///
/// These are functions of their own, never inlined: where single lanes and whole vectors meet in one function, the
/// optimiser takes the vector arithmetic apart (130 instead of 50 cycles for a tile of a channel).
enum WinogradLanes {
    /// Collects eight square tiles, which begin at `offsets` in a plane with the given pitch, as `[side, side, 8]`.
    @inline(never)
    static func gather(
        _ plane: UnsafePointer<Float>, _ offsets: [Int], _ pitch: Int, side: Int,
        _ lanes: UnsafeMutablePointer<Float>
    ) {
        offsets.withUnsafeBufferPointer { o in
            var (p0, p1, p2, p3) = (plane + o[0], plane + o[1], plane + o[2], plane + o[3])
            var (p4, p5, p6, p7) = (plane + o[4], plane + o[5], plane + o[6], plane + o[7])
            var target = lanes
            for _ in 0..<side {
                for x in 0..<side {
                    target.put(Vector(p0[x], p1[x], p2[x], p3[x], p4[x], p5[x], p6[x], p7[x]), 8 &* x)
                }
                (p0, p1, p2, p3) = (p0 + pitch, p1 + pitch, p2 + pitch, p3 + pitch)
                (p4, p5, p6, p7) = (p4 + pitch, p5 + pitch, p6 + pitch, p7 + pitch)
                target += 8 &* side
            }
        }
    }

    /// Writes tiles of 4 × 4, given as `[4, 4, 8]`, to their places in one channel, as far as they lie within the output.
    @inline(never)
    static func scatter(
        lanes: UnsafePointer<Float>, _ landings: [WinogradTiling.Landing], plane: Int, _ finish: Finish
    ) {
        scatter(landings, plane, finish) { lane, row in
            let values = lanes + (row &* 32 &+ lane)
            return SIMD4(values[0], values[8], values[16], values[24])
        }
    }

    /// Writes tiles given as `[tiles, 4, 4]`.
    @inline(never)
    static func scatter(
        tiles: UnsafePointer<Float>, _ landings: [WinogradTiling.Landing], plane: Int, _ finish: Finish
    ) {
        scatter(landings, plane, finish) { tile, row in tiles.quad(16 &* tile &+ 4 &* row) }
    }

    /// An addend is added here, and the activation then applied; without one the activation is already done.
    @inline(__always)
    private static func scatter(
        _ landings: [WinogradTiling.Landing], _ plane: Int, _ finish: Finish, _ quad: (Int, Int) -> SIMD4<Float>
    ) {
        for (tile, landing) in landings.enumerated() {
            let target = finish.output + (landing.output &+ plane)
            let (rows, pitch, step) = (landing.rows, landing.pitch, landing.step)
            let whole = landing.columns == 4 && step == 1
            switch finish.addend.map({ $0 + (landing.addend &+ plane) }) {
            case nil where whole:
                for row in 0..<rows { target.put(quad(tile, row), row &* pitch) }
            case let addend? where whole:
                for row in 0..<rows {
                    target.put(finish.clamp(quad(tile, row) + addend.quad(row &* pitch)), row &* pitch)
                }
            case let addend:
                for row in 0..<rows {
                    let values = quad(tile, row)
                    for column in 0..<landing.columns {
                        let pixel = row &* pitch &+ column &* step
                        target[pixel] = addend.map { finish.clamp(values[column] + $0[pixel]) } ?? values[column]
                    }
                }
            }
        }
    }
}
