extension Convolution {
    /// The general way: columns of input patches are gathered panel by panel and multiplied with the packed filter.
    func runPatches(
        _ filter: PackedRows, _ source: UnsafePointer<Float>, _ shape: ConvolutionShape, _ finish: Finish,
        _ execution: Execution
    ) {
        if kernel == (1, 1), stride == 1, shape.padding == .symmetric(0) {
            // An image's pixels need no gathering; one long row.
            let grid = PatchGrid(
                source: source, imageStride: shape.inputs * shape.pixels, channelStride: shape.pixels, pitch: 0,
                rows: 1, columns: shape.pixels, step: 1)
            multiply(filter, grid, shape, finish, execution)
        } else {
            let planes = PaddedPlanes(
                shape, rows: (shape.outputHeight - 1) * stride + (kernel.height - 1) * dilation + 1,
                columns: (shape.outputWidth - 1) * stride + (kernel.width - 1) * dilation + 1, phases: 1)
            Scratch.with(planes.count) { padded in
                planes.fill(from: source, to: padded, execution)
                let grid = PatchGrid(
                    source: padded, imageStride: shape.inputs * planes.planeSize, channelStride: planes.planeSize,
                    pitch: planes.columns, rows: shape.outputHeight, columns: shape.outputWidth,
                    step: stride)
                multiply(filter, grid, shape, finish, execution)
            }
        }
    }

    private func multiply(
        _ filter: PackedRows, _ grid: PatchGrid, _ shape: ConvolutionShape, _ finish: Finish, _ execution: Execution
    ) {
        let total = shape.batch * shape.pixels
        let offsets = grid.offsets(inputs, kernel, dilation)
        let panels = (total + Microkernel.columns - 1) / Microkernel.columns
        // Where few products are made of a row of patches, writing and rereading panels would cost more than those.
        let isShallow = Microkernel.lanes == 16 && kernel != (1, 1) && filter.depth <= 72
        let inPlace = stride == 1 && (filter.blocks <= 2 || isShallow)
        // Several panels share one pass over a large filter, as long as they stay in the second-level cache and
        // there is work for every thread.
        let fitting = min(
            inPlace ? 8 : 4, 196_608 / (filter.depth * Microkernel.columns), panels / (2 * execution.threads))
        let step = max(1, fitting) * Microkernel.columns
        filter.elements.withUnsafePointer { weights in
            execution.spread(total, by: step) { columns in
                Scratch.with(filter.depth * columns.count + (filter.depth + Microkernel.rows) * Microkernel.columns) {
                    scratch in
                    if inPlace {
                        for offset in Swift.stride(from: 0, to: columns.count, by: Microkernel.columns) {
                            let first = columns.lowerBound &+ offset
                            let panel = first..<min(first &+ Microkernel.columns, columns.upperBound)
                            if !convolve(filter, weights, grid, offsets, panel, scratch, shape, finish) {
                                multiplyPacked(filter, weights, grid, offsets, panel, total, scratch, shape, finish)
                            }
                        }
                    } else {
                        multiplyPacked(filter, weights, grid, offsets, columns, total, scratch, shape, finish)
                    }
                }
            }
        }
    }

    /// Multiplies the filter with patches that are read where they are; false where they do not lie side by side.
    private func convolve(
        _ filter: PackedRows, _ weights: UnsafePointer<Float>, _ grid: PatchGrid, _ offsets: [Int],
        _ columns: Range<Int>, _ scratch: UnsafeMutablePointer<Float>, _ shape: ConvolutionShape, _ finish: Finish
    ) -> Bool {
        guard columns.count == Microkernel.columns, let starts = grid.adjacentStarts(columns.lowerBound) else {
            return false
        }
        let blockSize = filter.depth &* Microkernel.rows
        guard Microkernel.lanes == 16 else {
            for block in 0..<filter.blocks {
                Microkernel.convolve(offsets, weights + block &* blockSize, starts.0, starts.1, starts.2, scratch)
                store(scratch, block: block, columns, shape, finish)
            }
            return true
        }
        let (image, pixel) = columns.lowerBound.quotientAndRemainder(dividingBy: shape.pixels)
        guard pixel &+ columns.count <= shape.pixels else { return false }
        for block in 0..<filter.blocks {
            let row = block &* Microkernel.rows
            Microkernel.convolveWide(
                rows: min(Microkernel.rows, shape.outputs &- row), offsets, weights + block &* blockSize, starts.0,
                starts.1, bias: finish.bias + row,
                addend: finish.addend.map { $0 + (image &* finish.addendStride &+ row &* shape.pixels &+ pixel) },
                finish.clamp, finish.output + ((image &* shape.outputs &+ row) &* shape.pixels &+ pixel),
                stride: shape.pixels)
        }
        return true
    }

    /// Gathers the patches of `columns` panel by panel, then multiplies each block of filter rows with all of them.
    private func multiplyPacked(
        _ filter: PackedRows, _ weights: UnsafePointer<Float>, _ grid: PatchGrid, _ offsets: [Int],
        _ columns: Range<Int>, _ total: Int, _ scratch: UnsafeMutablePointer<Float>, _ shape: ConvolutionShape,
        _ finish: Finish
    ) {
        let product = scratch
        let packed = scratch + Microkernel.rows * Microkernel.columns
        for panel in Swift.stride(from: 0, to: columns.count, by: Microkernel.columns) {
            let width = Microkernel.width(min(Microkernel.columns, columns.count &- panel))
            for group in Swift.stride(from: 0, to: width, by: 8) {
                let target = packed + (panel &* filter.depth &+ group)
                gather(grid, offsets, from: columns.lowerBound &+ panel &+ group, total, target, width)
            }
        }
        for block in 0..<filter.blocks {
            for panel in Swift.stride(from: 0, to: columns.count, by: Microkernel.columns) {
                let count = min(Microkernel.columns, columns.count &- panel)
                Microkernel.multiply(
                    depth: filter.depth, width: Microkernel.width(count),
                    weights + block &* filter.depth &* Microkernel.rows,
                    packed + panel &* filter.depth, product, stride: Microkernel.columns)
                let first = columns.lowerBound &+ panel
                store(product, block: block, first..<first &+ count, shape, finish)
            }
        }
    }

    /// Writes the patches of eight output pixels from `first` on as eight columns of a panel.
    private func gather(
        _ grid: PatchGrid, _ offsets: [Int], from first: Int, _ total: Int, _ target: UnsafeMutablePointer<Float>,
        _ width: Int
    ) {
        let adjacent = first % grid.columns &+ 8 <= grid.columns && first &+ 8 <= total
        offsets.withUnsafeBufferPointer { offsets in
            let start = grid.source + grid.start(min(first, total &- 1))
            if adjacent && stride == 1 {
                for k in 0..<offsets.count { target.put(start.vector(offsets[k]), k &* width) }
            } else if adjacent && stride == 2 {
                for k in 0..<offsets.count { target.put(start.evenVector(offsets[k]), k &* width) }
            } else {
                for lane in 0..<8 {
                    let start = grid.source + grid.start(min(first &+ lane, total &- 1))
                    for k in 0..<offsets.count { target[k &* width &+ lane] = start[offsets[k]] }
                }
            }
        }
    }

    /// Adds bias and addend to a block of four rows, applies the activation and stores it.
    private func store(
        _ sums: UnsafePointer<Float>, block: Int, _ columns: Range<Int>, _ shape: ConvolutionShape, _ finish: Finish
    ) {
        let pixels = shape.pixels
        var column = columns.lowerBound
        while column < columns.upperBound {
            // The part of the columns that lies in one image.
            let (image, pixel) = column.quotientAndRemainder(dividingBy: pixels)
            let count = min(columns.upperBound &- column, pixels &- pixel)
            var from = sums + (column &- columns.lowerBound)
            for row in block &* Microkernel.rows..<min((block &+ 1) &* Microkernel.rows, shape.outputs) {
                let bias = finish.bias[row]
                let target = finish.output + ((image &* shape.outputs &+ row) &* pixels &+ pixel)
                let addend = finish.addend.map { $0 + (image &* finish.addendStride &+ row &* pixels &+ pixel) }
                Elementwise.forEachVector(count) { index in
                    var value = from.vector(index) + bias
                    if let addend { value += addend.vector(index) }
                    target.put(finish.clamp(value), index)
                } rest: { index in
                    var value = from[index] + bias
                    if let addend { value += addend[index] }
                    target[index] = finish.clamp(value)
                }
                from += Microkernel.columns
            }
            column &+= count
        }
    }
}

/// Where the patches of output pixels begin in a batch of padded images.
private struct PatchGrid {
    let source: UnsafePointer<Float>
    let imageStride: Int
    let channelStride: Int
    /// Floats from one row to the next.
    let pitch: Int
    /// Rows and columns of output pixels in one image.
    let rows: Int
    let columns: Int

    /// Distance between neighbouring patches.
    let step: Int

    /// Where the patch of output pixel `index`, counted over the whole batch, begins.
    @inline(__always)
    func start(_ index: Int) -> Int {
        let (line, column) = index.quotientAndRemainder(dividingBy: columns)
        let (image, row) = line.quotientAndRemainder(dividingBy: rows)
        return image &* imageStride &+ row &* step &* pitch &+ column &* step
    }

    /// The offsets of a patch's elements from its start, in the order of the filter's.
    func offsets(_ inputs: Int, _ kernel: (height: Int, width: Int), _ dilation: Int) -> [Int] {
        (0..<inputs * kernel.height * kernel.width).map { index in
            let (line, x) = index.quotientAndRemainder(dividingBy: kernel.width)
            let (channel, y) = line.quotientAndRemainder(dividingBy: kernel.height)
            return channel * channelStride + (y * pitch + x) * dilation
        }
    }

    /// Where three times eight pixels from `first` on begin, or twice sixteen and the third is not used, if each eight
    /// or sixteen lie side by side in one row.
    @inline(__always)
    func adjacentStarts(_ first: Int) -> (UnsafePointer<Float>, UnsafePointer<Float>, UnsafePointer<Float>)? {
        let lanes = Microkernel.lanes
        for group in 0..<Microkernel.columns / lanes where (first &+ lanes &* group) % columns &+ lanes > columns {
            return nil
        }
        return (source + start(first), source + start(first &+ lanes), source + start(first &+ 16))
    }
}
