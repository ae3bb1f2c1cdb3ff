import Tensor

extension Convolution {
    /// Whether Winograd's transforms cost less than the products they save, as measured.
    static func paysWinograd(stride: Int, dilation: Int, inputs: Int, outputs: Int) -> Bool {
        switch stride {
        case 1: inputs >= 8 && outputs >= 8
        case 2: dilation == 1 && inputs >= 96 && outputs >= 96
        default: false
        }
    }

    /// The tiles of a smaller output would leave most of a panel empty.
    static let leastWinogradSide = 16

    /// Winograd's way: transform tiles of the input, a matrix product for each of a tile's points, transform back.
    ///
    /// Tiles are computed in chunks. Where the filters fit into a core's share of the cache, each thread takes whole
    /// chunks; larger filters are read once for a large chunk, each step of which is shared by all threads. Both give
    /// the same bits, as a tile's arithmetic does not depend on its neighbours.
    func runWinograd<Scheme: WinogradScheme>(
        _ scheme: Scheme.Type, _ filter: WinogradFilter, _ source: UnsafePointer<Float>, _ shape: ConvolutionShape,
        _ finish: Finish, _ execution: Execution
    ) {
        let tiling = WinogradTiling(shape, points: Scheme.points, advance: Scheme.advance)
        let channels = inputs + WinogradCall<Scheme>.outputsAtOnce(filter)
        let filterBytes = filter.elements.count * MemoryLayout<Float>.stride
        let shared = filterBytes > 3 << 20
        let budget = shared ? 12 << 20 : 1 << 20
        let fitting = budget / (Scheme.points * Scheme.points * channels * MemoryLayout<Float>.stride)
        let chunk = min(
            max(1, fitting / Microkernel.columns) * Microkernel.columns,
            (tiling.tiles + Microkernel.columns - 1) / Microkernel.columns * Microkernel.columns)
        filter.elements.withUnsafePointer { weights in
            Scratch.with(tiling.planes.count) { padded in
                tiling.planes.fill(from: source, to: padded, execution)
                let call = WinogradCall<Scheme>(
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
    /// Inputs from one tile to the next.
    private let advance: Int
    private let inputs: Int

    init(_ shape: ConvolutionShape, points: Int, advance: Int) {
        self.advance = advance
        dilation = shape.dilation
        inputs = shape.inputs
        down = ((shape.outputHeight + dilation - 1) / dilation + 3) / 4
        across = ((shape.outputWidth + dilation - 1) / dilation + 3) / 4
        perImage = dilation * dilation * down * across
        tiles = shape.batch * perImage
        planes = PaddedPlanes(
            shape, rows: (down - 1) * advance + points, columns: (across - 1) * advance + points, phases: dilation)
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
            image: image, offset: plane &+ advance &* (row &* planes.columns &+ column),
            y: 4 &* row &* dilation &+ phase / dilation, x: 4 &* column &* dilation &+ phase % dilation)
    }

    /// Where a tile is written, in channel 0 of the output and of what is added to it.
    struct Landing {
        let output: Int
        let addend: Int
        /// Rows and columns of the tile that lie within the output.
        let rows: Int
        let columns: Int
        /// Floats from one of the tile's rows to the next, and from one column to the next.
        let pitch: Int
        let step: Int
    }

    /// Where one tile, counted over the whole batch, is written.
    func landing(_ tile: Int, _ shape: ConvolutionShape, _ finish: Finish) -> Landing {
        let place = place(tile)
        let pixel = place.y &* shape.outputWidth &+ place.x
        func count(_ length: Int) -> Int { min(4, (length &+ dilation &- 1) / dilation) }
        return Landing(
            output: place.image &* shape.outputs &* shape.pixels &+ pixel,
            addend: place.image &* finish.addendStride &+ pixel,
            rows: count(shape.outputHeight &- place.y), columns: count(shape.outputWidth &- place.x),
            pitch: shape.outputWidth &* dilation, step: dilation)
    }
}
