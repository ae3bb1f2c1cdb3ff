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
        withUnsafeTemporaryAllocation(of: Vector.self, capacity: 36) { buffer in
            let rows = buffer.baseAddress!
            for first in Swift.stride(from: 0, to: tiles.count, by: 8) {
                let panel = first / Panel.columns &* Panel.columns
                let width = Panel.width(min(Panel.columns, tiles.count &- panel))
                let target = transformed + (panel &* filter.inputs &+ (first &- panel))
                let o = Lanes { tiling.place(min(tiles.lowerBound &+ first &+ $0, tiles.upperBound &- 1)).offset }
                for channel in channels {
                    let plane = padded + channel &* tiling.planes.planeSize
                    for row in 0..<6 {
                        let p = plane + row &* pitch
                        let d = Matrix8(
                            p.vector(o.l0), p.vector(o.l1), p.vector(o.l2), p.vector(o.l3),
                            p.vector(o.l4), p.vector(o.l5), p.vector(o.l6), p.vector(o.l7)
                        ).transposed.rows
                        let t = WinogradFilter.input(d.0, d.1, d.2, d.3, d.4, d.5)
                        let line = rows + row &* 6
                        (line[0], line[1], line[2], line[3], line[4], line[5]) = t
                    }
                    for column in 0..<6 {
                        let t = WinogradFilter.input(
                            rows[column], rows[6 &+ column], rows[12 &+ column], rows[18 &+ column],
                            rows[24 &+ column], rows[30 &+ column])
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

    /// Aᵀ m A, then bias, addend and activation.
    private func transformOutput(_ tiles: Range<Int>, channels: Range<Int>, _ products: UnsafePointer<Float>) {
        for first in stride(from: 0, to: tiles.count, by: 8) {
            let start = tiles.lowerBound &+ first
            withUnsafeTemporaryAllocation(of: WinogradTiling.Place.self, capacity: 8) { buffer in
                let places = buffer.baseAddress!
                let count = min(8, tiles.upperBound &- start)
                for lane in 0..<count { places[lane] = tiling.place(start &+ lane) }
                transformOutput(UnsafePointer(places), count, channels, products + first)
            }
        }
    }

    private func transformOutput(
        _ places: UnsafePointer<WinogradTiling.Place>, _ count: Int, _ channels: Range<Int>,
        _ products: UnsafePointer<Float>
    ) {
        let stride = productStride
        withUnsafeTemporaryAllocation(of: Vector.self, capacity: 32) { buffer in
            let rows = buffer.baseAddress!
            let tile = rows + 24
            for channel in channels {
                let product = products + channel &* chunk
                for column in 0..<6 {
                    let m = product + column &* stride
                    let s = WinogradFilter.output(
                        m.vector(0), m.vector(6 &* stride), m.vector(12 &* stride), m.vector(18 &* stride),
                        m.vector(24 &* stride), m.vector(30 &* stride))
                    (rows[column], rows[6 &+ column], rows[12 &+ column], rows[18 &+ column]) = s
                }
                let bias = finish.bias[channel]
                for pair in 0..<2 {
                    let r = rows + pair &* 12
                    let upper = WinogradFilter.output(r[0], r[1], r[2], r[3], r[4], r[5])
                    let lower = WinogradFilter.output(r[6], r[7], r[8], r[9], r[10], r[11])
                    // Lanes are tiles; transposed, each vector holds two rows of one tile.
                    let t = Matrix8(
                        upper.0 + bias, upper.1 + bias, upper.2 + bias, upper.3 + bias,
                        lower.0 + bias, lower.1 + bias, lower.2 + bias, lower.3 + bias
                    ).transposed.rows
                    (tile[0], tile[1], tile[2], tile[3]) = (t.0, t.1, t.2, t.3)
                    (tile[4], tile[5], tile[6], tile[7]) = (t.4, t.5, t.6, t.7)
                    for lane in 0..<count { store(tile[lane], places[lane], channel, pair) }
                }
            }
        }
    }

    /// Stores rows 2·pair and 2·pair + 1 of a tile, as far as they lie within the output.
    @inline(__always)
    private func store(_ values: Vector, _ place: WinogradTiling.Place, _ channel: Int, _ pair: Int) {
        let step = tiling.dilation
        let width = shape.outputWidth
        let plane = channel &* shape.pixels
        let target = finish.output + (place.image &* shape.outputs &* shape.pixels &+ plane)
        let addend = finish.addend.map { $0 + (place.image &* finish.addendStride &+ plane) }
        for half in 0..<2 {
            let y = place.y &+ (2 &* pair &+ half) &* step
            guard y < shape.outputHeight else { return }
            var row = half == 0 ? values.lowHalf : values.highHalf
            let offset = y &* width &+ place.x
            if step == 1 && place.x &+ 4 <= width {
                if let addend { row += addend.quad(offset) }
                target.put(finish.clamp(row), offset)
            } else {
                for column in 0..<4 where place.x &+ column &* step < width {
                    let pixel = offset &+ column &* step
                    target[pixel] = finish.clamp(row[column] + (addend.map { $0[pixel] } ?? 0))
                }
            }
        }
    }
}

/// Eight integers kept in registers.
private struct Lanes {
    let l0, l1, l2, l3, l4, l5, l6, l7: Int

    @inline(__always)
    init(_ value: (Int) -> Int) {
        (l0, l1, l2, l3) = (value(0), value(1), value(2), value(3))
        (l4, l5, l6, l7) = (value(4), value(5), value(6), value(7))
    }
}
