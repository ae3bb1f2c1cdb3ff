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

    /// Writes tiles of 4 × 4, given as `[4, 4, 8]`, to their places, as far as they lie within the output.
    ///
    /// An addend is added here, and the activation then applied; without one the activation is already done.
    @inline(never)
    static func scatter(
        _ lanes: UnsafePointer<Float>, _ places: [WinogradTiling.Place], _ channel: Int, _ step: Int,
        _ shape: ConvolutionShape, _ finish: Finish
    ) {
        let width = shape.outputWidth
        for lane in 0..<places.count {
            let place = places[lane]
            let plane = channel &* shape.pixels
            let target = finish.output + (place.image &* shape.outputs &* shape.pixels &+ plane)
            let addend = finish.addend.map { $0 + (place.image &* finish.addendStride &+ plane) }
            let whole = step == 1 && place.x &+ 4 <= width
            for row in 0..<4 {
                let y = place.y &+ row &* step
                guard y < shape.outputHeight else { break }
                let values = lanes + (row &* 32 &+ lane)
                let offset = y &* width &+ place.x
                if whole {
                    var quad = SIMD4(values[0], values[8], values[16], values[24])
                    if let addend { quad = finish.clamp(quad + addend.quad(offset)) }
                    target.put(quad, offset)
                } else {
                    for column in 0..<4 where place.x &+ column &* step < width {
                        let pixel = offset &+ column &* step
                        let value = values[8 &* column]
                        target[pixel] = addend.map { finish.clamp(value + $0[pixel]) } ?? value
                    }
                }
            }
        }
    }
}
