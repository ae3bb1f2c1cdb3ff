/// The input patches of a convolution as rows of a matrix, one row a tap of a channel, one column an output pixel.
struct Patches {
    let taps: Int
    private let shape: ConvolutionShape
    private let dilation: Int
    private let stride: Int

    init(_ shape: ConvolutionShape, dilation: Int, stride: Int) {
        (self.shape, self.dilation, self.stride) = (shape, dilation, stride)
        taps = shape.kernel.height * shape.kernel.width
    }

    /// Input channels whose patches, of some images, fill at most `floats`; at least one.
    func channels(floats: Int, in shape: ConvolutionShape, images: Int = 1) -> Int {
        min(shape.inputs, max(1, floats / (taps * shape.pixels * images)))
    }

    /// Copies the patches of some channels of one image, rows `pitch` floats apart.
    func gather(
        _ source: UnsafePointer<Float>, image: Int, channels: Range<Int>, pitch: Int,
        to columns: UnsafeMutablePointer<Float>
    ) {
        var row = columns
        for channel in channels {
            let plane = source + (image &* shape.inputs &+ channel) &* shape.height &* shape.width
            for tap in 0..<taps {
                forEachLine(tap) { y, sourceY, first, count, sourceX in
                    let line = row + y &* shape.outputWidth
                    guard count > 0 else {
                        line.update(repeating: 0, count: shape.outputWidth)
                        return
                    }
                    line.update(repeating: 0, count: first)
                    let from = plane + (sourceY &* shape.width &+ sourceX)
                    let to = line + first
                    if stride == 1 {
                        to.update(from: from, count: count)
                    } else {
                        for x in 0..<count { to[x] = from[x &* stride] }
                    }
                    (to + count).update(repeating: 0, count: shape.outputWidth &- first &- count)
                }
                row += pitch
            }
        }
    }

    /// Adds rows of patches of some channels to one image: the adjoint of `gather`.
    func scatter(
        _ columns: UnsafePointer<Float>, image: Int, channels: Range<Int>, pitch: Int,
        to target: UnsafeMutablePointer<Float>
    ) {
        var row = columns
        for channel in channels {
            let plane = target + (image &* shape.inputs &+ channel) &* shape.height &* shape.width
            for tap in 0..<taps {
                forEachLine(tap) { y, targetY, first, count, targetX in
                    let from = row + (y &* shape.outputWidth &+ first)
                    let to = plane + (targetY &* shape.width &+ targetX)
                    for x in 0..<count { to[x &* stride] += from[x] }
                }
                row += pitch
            }
        }
    }

    /// Visits the output rows of a tap: the row, the input's row, the first of the output columns whose input lies
    /// inside, their number (0 where the row lies outside), and the first one's input column.
    @inline(__always)
    private func forEachLine(_ tap: Int, _ body: (Int, Int, Int, Int, Int) -> Void) {
        let (tapY, tapX) = tap.quotientAndRemainder(dividingBy: shape.kernel.width)
        let (offsetY, offsetX) = (tapY &* dilation &- shape.padding.top, tapX &* dilation &- shape.padding.left)
        let first = offsetX >= 0 ? 0 : (stride &- 1 &- offsetX) / stride
        let last = min(shape.outputWidth, (shape.width &- offsetX &+ stride &- 1) / stride)
        for y in 0..<shape.outputHeight {
            let inputY = y &* stride &+ offsetY
            let isInside = inputY >= 0 && inputY < shape.height && last > first
            body(y, inputY, first, isInside ? last &- first : 0, first &* stride &+ offsetX)
        }
    }
}
