/// One application of a Winograd convolution: the three steps over a chunk of tiles.
///
/// Scratch of a chunk: the transformed input `[36, panels, I, 24]`, then the products `[36, O, chunk]`.
struct WinogradCall {
    let tiling: WinogradTiling
    let filter: WinogradFilter
    let weights: UnsafePointer<Float>
    let padded: UnsafePointer<Float>
    let finish: Finish
    let shape: ConvolutionShape
    /// Tiles of a chunk, a multiple of a panel's columns.
    let chunk: Int

    /// Floats from one of the 36 positions to the next; the odd cache line keeps them out of each other's sets.
    private var inputStride: Int { chunk &* filter.inputs &+ 16 }
    private var productStride: Int { chunk &* filter.blocks &* Panel.rows &+ 16 }
    private var scratch: Int { WinogradFilter.positions * (inputStride + productStride) }

    /// All chunks one after the other, with every step spread over the threads.
    func runChunksTogether(_ execution: Execution) {
        for start in stride(from: 0, to: tiling.tiles, by: chunk) {
            run(start..<min(start + chunk, tiling.tiles), execution)
        }
    }

    /// The three steps for one chunk of tiles.
    func run(_ tiles: Range<Int>, _ execution: Execution) {
        Scratch.with(scratch) { transformed in
            let products = transformed + WinogradFilter.positions * inputStride
            execution.spread(filter.inputs, by: 16) { transformInput(tiles, channels: $0, transformed) }
            execution.spread(WinogradFilter.positions) { multiply(tiles, position: $0, transformed, products) }
            execution.spread(filter.outputs, by: 16) { transformOutput(tiles, channels: $0, products) }
        }
    }

    /// Bᵀ d B for eight tiles at a time, each tile in its own lane.
    private func transformInput(_ tiles: Range<Int>, channels: Range<Int>, _ transformed: UnsafeMutablePointer<Float>) {
        let pitch = tiling.planes.columns
        let stride = inputStride
        Scratch.with(2 * 36 * 8) { lanes in
            let rows = lanes + 36 * 8
            for first in Swift.stride(from: 0, to: tiles.count, by: 8) {
                let panel = first / Panel.columns &* Panel.columns
                let width = Panel.width(min(Panel.columns, tiles.count &- panel))
                let target = transformed + (panel &* filter.inputs &+ (first &- panel))
                let start = tiles.lowerBound &+ first
                let offsets = (0..<8).map { tiling.place(min(start &+ $0, tiles.upperBound &- 1)).offset }
                for channel in channels {
                    WinogradLanes.gather(padded + channel &* tiling.planes.planeSize, offsets, pitch, lanes)
                    for row in 0..<6 {
                        let d = lanes + row &* 48
                        let t = WinogradFilter.input(
                            d.vector(0), d.vector(8), d.vector(16), d.vector(24), d.vector(32), d.vector(40))
                        let line = rows + row &* 48
                        line.put(t.0, 0)
                        line.put(t.1, 8)
                        line.put(t.2, 16)
                        line.put(t.3, 24)
                        line.put(t.4, 32)
                        line.put(t.5, 40)
                    }
                    for column in 0..<6 {
                        let d = rows + column &* 8
                        let t = WinogradFilter.input(
                            d.vector(0), d.vector(48), d.vector(96), d.vector(144), d.vector(192), d.vector(240))
                        let place = target + (column &* stride &+ channel &* width)
                        place.put(t.0, 0)
                        place.put(t.1, 6 &* stride)
                        place.put(t.2, 12 &* stride)
                        place.put(t.3, 18 &* stride)
                        place.put(t.4, 24 &* stride)
                        place.put(t.5, 30 &* stride)
                    }
                }
            }
        }
    }

    /// One of the 36 matrix products, `[O, I] · [I, tiles]`.
    private func multiply(
        _ tiles: Range<Int>, position: Int, _ transformed: UnsafePointer<Float>, _ products: UnsafeMutablePointer<Float>
    ) {
        let blockSize = filter.inputs &* Panel.rows
        let weights = self.weights + position &* filter.blocks &* blockSize
        let input = transformed + position &* inputStride
        let product = products + position &* productStride
        // As many rows as stay in the second-level cache while the panels pass by.
        let step = max(1, 32768 / blockSize)
        for firstBlock in stride(from: 0, to: filter.blocks, by: step) {
            for panel in stride(from: 0, to: tiles.count, by: Panel.columns) {
                let width = Panel.width(min(Panel.columns, tiles.count &- panel))
                for block in firstBlock..<min(firstBlock &+ step, filter.blocks) {
                    Panel.multiply(
                        depth: filter.inputs, width: width, weights + block &* blockSize,
                        input + panel &* filter.inputs, product + (block &* Panel.rows &* chunk &+ panel),
                        stride: chunk)
                }
            }
        }
    }

    /// Aᵀ m A for eight tiles at a time, then bias, addend and activation.
    private func transformOutput(_ tiles: Range<Int>, channels: Range<Int>, _ products: UnsafePointer<Float>) {
        let stride = productStride
        Scratch.with((24 + 16) * 8) { rows in
            let sums = rows + 24 * 8
            for first in Swift.stride(from: 0, to: tiles.count, by: 8) {
                let start = tiles.lowerBound &+ first
                let places = (start..<min(start &+ 8, tiles.upperBound)).map(tiling.place)
                for channel in channels {
                    let product = products + (channel &* chunk &+ first)
                    for column in 0..<6 {
                        let m = product + column &* stride
                        let s = WinogradFilter.output(
                            m.vector(0), m.vector(6 &* stride), m.vector(12 &* stride), m.vector(18 &* stride),
                            m.vector(24 &* stride), m.vector(30 &* stride))
                        let line = rows + column &* 8
                        line.put(s.0, 0)
                        line.put(s.1, 48)
                        line.put(s.2, 96)
                        line.put(s.3, 144)
                    }
                    let bias = Vector(repeating: finish.bias[channel])
                    for row in 0..<4 {
                        let m = rows + row &* 48
                        let y = WinogradFilter.output(
                            m.vector(0), m.vector(8), m.vector(16), m.vector(24), m.vector(32), m.vector(40))
                        let line = sums + row &* 32
                        line.put(y.0 + bias, 0)
                        line.put(y.1 + bias, 8)
                        line.put(y.2 + bias, 16)
                        line.put(y.3 + bias, 24)
                    }
                    if finish.addend == nil {
                        for index in 0..<16 { sums.put(finish.clamp(sums.vector(8 &* index)), 8 &* index) }
                    }
                    WinogradLanes.scatter(sums, places, channel, tiling.dilation, shape, finish)
                }
            }
        }
    }
}
