import Tensor

extension Convolution {
    /// Winograd's F(4×4, 3×3): transform tiles of the input, 36 matrix products, transform back.
    ///
    /// Tiles are worked off in chunks. Where the filters fit into a core's share of the cache, each thread takes whole
    /// chunks; larger filters are read once for a large chunk, each step of which is shared by all threads. Both give
    /// the same bits, as a tile's arithmetic does not depend on its neighbours.
    func runWinograd(
        _ filter: WinogradFilter, _ source: UnsafePointer<Float>, _ shape: ConvolutionShape, _ finish: Finish,
        _ execution: Execution
    ) {
        let tiling = WinogradTiling(shape)
        let channels = inputs + outputs
        let filterBytes = filter.elements.count * MemoryLayout<Float>.stride
        let shared = filterBytes > 3 << 20
        let budget = shared ? 12 << 20 : 1 << 20
        let fitting = budget / (WinogradFilter.positions * channels * MemoryLayout<Float>.stride)
        let chunk = min(
            max(1, fitting / Panel.columns) * Panel.columns,
            (tiling.tiles + Panel.columns - 1) / Panel.columns * Panel.columns)
        filter.elements.withUnsafePointer { weights in
            Scratch.with(tiling.planes.count) { padded in
                tiling.planes.fill(from: source, to: padded, execution)
                let call = WinogradCall(
                    tiling: tiling, filter: filter, weights: weights, padded: padded, finish: finish, shape: shape,
                    chunk: chunk)
                if shared {
                    call.runChunksTogether(execution)
                } else {
                    execution.spread(tiling.tiles, by: chunk) { call.run($0, .single) }
                }
            }
        }
    }
}

/// How an output is cut into tiles of 4 × 4, each dilation phase by itself.
struct WinogradTiling {
    let planes: PaddedPlanes
    let dilation: Int
    let down: Int
    let across: Int
    let perImage: Int
    let tiles: Int
    private let inputs: Int

    init(_ shape: ConvolutionShape) {
        dilation = shape.dilation
        inputs = shape.inputs
        down = ((shape.outputHeight + dilation - 1) / dilation + 3) / 4
        across = ((shape.outputWidth + dilation - 1) / dilation + 3) / 4
        perImage = dilation * dilation * down * across
        tiles = shape.batch * perImage
        planes = PaddedPlanes(shape, rows: 4 * down + 2, columns: 4 * across + 2, phases: dilation)
    }

    /// Where a tile begins: in the padded planes (of channel 0), and in the output.
    struct Place {
        let image: Int
        let offset: Int
        let y: Int
        let x: Int
    }

    /// The place of one tile, counted over the whole batch.
    @inline(__always)
    func place(_ tile: Int) -> Place {
        let (image, inImage) = tile.quotientAndRemainder(dividingBy: perImage)
        let (phase, inPhase) = inImage.quotientAndRemainder(dividingBy: down &* across)
        let (row, column) = inPhase.quotientAndRemainder(dividingBy: across)
        let plane = image &* inputs &* planes.planeSize &+ phase &* planes.rows &* planes.columns
        return Place(
            image: image, offset: plane &+ 4 &* (row &* planes.columns &+ column),
            y: 4 &* row &* dilation &+ phase / dilation, x: 4 &* column &* dilation &+ phase % dilation)
    }
}
