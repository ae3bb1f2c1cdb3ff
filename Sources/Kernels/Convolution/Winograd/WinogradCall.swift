#if arch(x86_64)
    import CKernels
#endif

/// One application of a Winograd convolution: the three steps over a chunk of tiles.
///
/// Scratch of a chunk: the transformed input `[points², panels, I, columns]`, then the products `[points², O, chunk]` of as
/// many output channels as are computed at once.
struct WinogradCall<Scheme: WinogradScheme> {
    let tiling: WinogradTiling
    let filter: WinogradFilter
    let weights: UnsafePointer<Float>
    let padded: UnsafePointer<Float>
    let finish: Finish
    let shape: ConvolutionShape
    /// Tiles of a chunk, a multiple of a panel's columns.
    let chunk: Int

    /// Products of a tile.
    private static var positions: Int { Scheme.points &* Scheme.points }

    /// Output channels that are computed at once; their products are read back before they leave the cache.
    static func outputsAtOnce(_ filter: WinogradFilter) -> Int { min(256, filter.blocks * Microkernel.rows) }

    /// Floats from one position to the next; the odd cache line keeps them out of each other's sets.
    private var inputStride: Int { chunk &* filter.inputs &+ 16 }
    private var productStride: Int { chunk &* Self.outputsAtOnce(filter) &+ 16 }

    /// All chunks one after the other, with every step spread over the threads.
    func runChunksTogether(_ execution: Execution) {
        for start in stride(from: 0, to: tiling.tiles, by: chunk) {
            run(start..<min(start + chunk, tiling.tiles), execution)
        }
    }

    /// The three steps for one chunk of tiles.
    func run(_ tiles: Range<Int>, _ execution: Execution) {
        Scratch.with(Self.positions * (inputStride + productStride)) { transformed in
            let products = transformed + Self.positions * inputStride
            execution.spread(filter.inputs, by: 16) { transformInput(tiles, channels: $0, transformed) }
            let step = Self.outputsAtOnce(filter)
            for first in stride(from: 0, to: filter.outputs, by: step) {
                let outputs = first..<min(first + step, filter.outputs)
                execution.spread(Self.positions) { multiply(tiles, outputs, position: $0, transformed, products) }
                execution.spread(outputs.count, by: 16) { transformOutput(tiles, outputs, part: $0, products) }
            }
        }
    }

    /// The tiles in groups that are transformed at once: eight, each in its own lane, or sixteen; the last may reach beyond.
    private static func groups(_ tiles: Range<Int>) -> [Range<Int>] {
        var groups: [Range<Int>] = []
        var start = tiles.lowerBound
        while start < tiles.upperBound {
            let count = Scheme.isWide && tiles.upperBound &- start > 8 ? Microkernel.lanes : 8
            groups.append(start..<start &+ count)
            start += count
        }
        return groups
    }

    /// Bᵀ d B, group by group.
    private func transformInput(_ tiles: Range<Int>, channels: Range<Int>, _ transformed: UnsafeMutablePointer<Float>) {
        let pitch = tiling.planes.columns
        let stride = inputStride
        let points = Scheme.points
        Scratch.with(2 * Self.positions * 8) { lanes in
            let rows = lanes + Self.positions * 8
            let rest = tiles.count % Microkernel.columns
            // The last panel is filled up with the last tile.
            let end = tiles.count &- rest &+ Microkernel.width(rest)
            for group in Self.groups(0..<end) {
                let first = group.lowerBound
                let panel = first / Microkernel.columns &* Microkernel.columns
                let width = Microkernel.width(min(Microkernel.columns, tiles.count &- panel))
                let target = transformed + (panel &* filter.inputs &+ (first &- panel))
                let start = tiles.lowerBound &+ first
                let offsets = (0..<group.count).map { tiling.place(min(start &+ $0, tiles.upperBound &- 1)).offset }
                #if arch(x86_64)
                    if group.count == 16 {
                        avx512_winograd_input(
                            channels.count, padded + channels.lowerBound &* tiling.planes.planeSize,
                            tiling.planes.planeSize, offsets, Self.areAdjacent(offsets), pitch,
                            target + channels.lowerBound &* width, width,
                            stride)
                        continue
                    }
                #endif
                for channel in channels {
                    let plane = padded + channel &* tiling.planes.planeSize
                    WinogradLanes.gather(plane, offsets, pitch, side: points, lanes)
                    for row in 0..<points {
                        Scheme.input(lanes + row &* points &* 8, 8, rows + row &* points &* 8, 8)
                    }
                    for column in 0..<points {
                        Scheme.input(
                            rows + column &* 8, points &* 8,
                            target + (column &* stride &+ channel &* width), points &* stride)
                    }
                }
            }
        }
    }

    /// One of the matrix products, `[outputs, I] · [I, tiles]`.
    private func multiply(
        _ tiles: Range<Int>, _ outputs: Range<Int>, position: Int, _ transformed: UnsafePointer<Float>,
        _ products: UnsafeMutablePointer<Float>
    ) {
        let blockSize = filter.inputs &* Microkernel.rows
        let (row, column) = position.quotientAndRemainder(dividingBy: Scheme.points)
        let matrix = 6 &* min(row, 5) &+ min(column, 5)
        let blocks =
            outputs.lowerBound / Microkernel.rows..<(outputs.upperBound &+ Microkernel.rows &- 1) / Microkernel.rows
        let weights = self.weights + matrix &* filter.blocks &* blockSize
        let input = transformed + position &* inputStride
        let product = products + position &* productStride
        // As many rows as stay in the second-level cache while the panels pass by.
        let step = max(1, 32768 / blockSize)
        for firstBlock in stride(from: blocks.lowerBound, to: blocks.upperBound, by: step) {
            let count = min(step, blocks.upperBound &- firstBlock)
            for panel in stride(from: 0, to: tiles.count, by: Microkernel.columns) {
                Microkernel.multiply(
                    blocks: count, depth: filter.inputs,
                    width: Microkernel.width(min(Microkernel.columns, tiles.count &- panel)),
                    weights + firstBlock &* blockSize, input + panel &* filter.inputs,
                    product + ((firstBlock &- blocks.lowerBound) &* Microkernel.rows &* chunk &+ panel), stride: chunk)
            }
        }
    }

    /// Aᵀ m A, group by group, then bias, addend and activation, for a part of `outputs`.
    private func transformOutput(
        _ tiles: Range<Int>, _ outputs: Range<Int>, part: Range<Int>, _ products: UnsafePointer<Float>
    ) {
        let (stride, points) = (productStride, Scheme.points)
        Scratch.with((4 * points + 32) * 8) { rows in
            let sums = rows + 4 * points * 8
            for group in Self.groups(tiles) {
                let start = group.lowerBound
                let landings = group.clamped(to: tiles).map { tiling.landing($0, shape, finish) }
                #if arch(x86_64)
                    if group.count == 16 {
                        transformWide(landings, outputs.lowerBound, part, products + (start &- tiles.lowerBound), sums)
                        continue
                    }
                #endif
                for index in part {
                    let channel = outputs.lowerBound &+ index
                    let plane = channel &* shape.pixels
                    let product = products + (index &* chunk &+ start &- tiles.lowerBound)
                    for column in 0..<points {
                        let s = Scheme.output(product + column &* stride, points &* stride)
                        let line = rows + column &* 8
                        line.put(s.0, 0)
                        line.put(s.1, points &* 8)
                        line.put(s.2, points &* 16)
                        line.put(s.3, points &* 24)
                    }
                    let bias = Vector(repeating: finish.bias[channel])
                    for row in 0..<4 {
                        let y = Scheme.output(rows + row &* points &* 8, 8)
                        let line = sums + row &* 32
                        line.put(y.0 + bias, 0)
                        line.put(y.1 + bias, 8)
                        line.put(y.2 + bias, 16)
                        line.put(y.3 + bias, 24)
                    }
                    if finish.addend == nil {
                        for index in 0..<16 { sums.put(finish.clamp(sums.vector(8 &* index)), 8 &* index) }
                    }
                    WinogradLanes.scatter(lanes: sums, landings, plane: plane, finish)
                }
            }
        }
    }

    /// 1 where each four of sixteen tiles lie side by side, else 0.
    private static func areAdjacent(_ places: [Int]) -> Int32 {
        (0..<16).allSatisfy { places[$0] == places[$0 & ~3] &+ 4 &* ($0 & 3) } ? 1 : 0
    }

    #if arch(x86_64)
        /// The same for up to sixteen tiles, written to their places at once where all are whole.
        private func transformWide(
            _ landings: [WinogradTiling.Landing], _ firstOutput: Int, _ part: Range<Int>,
            _ products: UnsafePointer<Float>, _ sums: UnsafeMutablePointer<Float>
        ) {
            let isWhole =
                landings.count == 16 && landings.allSatisfy { $0.rows == 4 && $0.columns == 4 && $0.step == 1 }
            let (places, addends) = (landings.map(\.output), landings.map(\.addend))
            let apart = Array(stride(from: 0, to: 256, by: 16))
            let adjacent = isWhole ? Self.areAdjacent(places) : 0
            let isBent = isWhole || finish.addend == nil
            let clamp = isBent ? finish.clamp : Clamp(.none)
            for index in part {
                let channel = firstOutput &+ index
                let plane = channel &* shape.pixels
                avx512_winograd_output(
                    products + index &* chunk, productStride, finish.bias[channel],
                    isWhole ? finish.addend.map { $0 + plane } : nil, addends, clamp.slope, clamp.limit,
                    isWhole ? finish.output + plane : sums, isWhole ? places : apart, adjacent,
                    isWhole ? landings[0].pitch : 4)
                if !isWhole { WinogradLanes.scatter(tiles: sums, landings, plane: plane, finish) }
            }
        }
    #endif
}
