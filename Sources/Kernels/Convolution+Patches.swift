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
                rows: 1, columns: shape.pixels)
            multiply(filter, grid, shape, finish, execution)
        } else {
            let planes = PaddedPlanes(
                shape, rows: (shape.outputHeight - 1) * stride + (kernel.height - 1) * dilation + 1,
                columns: (shape.outputWidth - 1) * stride + (kernel.width - 1) * dilation + 1, phases: 1)
            Scratch.with(planes.count) { padded in
                planes.fill(from: source, to: padded, execution)
                let grid = PatchGrid(
                    source: padded, imageStride: shape.inputs * planes.planeSize, channelStride: planes.planeSize,
                    pitch: planes.columns, rows: shape.outputHeight, columns: shape.outputWidth)
                multiply(filter, grid, shape, finish, execution)
            }
        }
    }

    private func multiply(
        _ filter: PackedRows, _ grid: PatchGrid, _ shape: ConvolutionShape, _ finish: Finish, _ execution: Execution
    ) {
        let total = shape.batch * shape.pixels
        filter.elements.withUnsafePointer { weights in
            execution.spread(total, by: Panel.columns) { columns in
                let width = Panel.width(columns.count)
                Scratch.with(filter.depth * width + Panel.rows * Panel.columns) { panel in
                    for group in 0..<width / 8 {
                        gather(grid, from: columns.lowerBound + group * 8, total, panel + group * 8, width)
                    }
                    let product = panel + filter.depth * width
                    for block in 0..<filter.blocks {
                        Panel.multiply(
                            depth: filter.depth, width: width, weights + block &* filter.depth &* Panel.rows, panel,
                            product, stride: Panel.columns)
                        let first = block &* Panel.rows
                        for row in first..<min(first &+ Panel.rows, outputs) {
                            store(
                                product + (row &- first) &* Panel.columns, row: row, columns, shape, finish)
                        }
                    }
                }
            }
        }
    }

    /// Writes the patches of eight output pixels from `first` on as eight columns of a panel.
    private func gather(
        _ grid: PatchGrid, from first: Int, _ total: Int, _ target: UnsafeMutablePointer<Float>, _ width: Int
    ) {
        withUnsafeTemporaryAllocation(of: Int.self, capacity: 8) { offsets in
            let base = offsets.baseAddress!
            for lane in 0..<8 { base[lane] = grid.offset(min(first &+ lane, total &- 1), stride) }
            let start = first % grid.columns
            let adjacent = start &+ 8 <= grid.columns && first &+ 8 <= total
            var target = target
            for channel in 0..<inputs {
                for y in 0..<kernel.height {
                    for x in 0..<kernel.width {
                        let shift = channel &* grid.channelStride &+ y &* dilation &* grid.pitch &+ x &* dilation
                        let from = grid.source + shift
                        if adjacent && stride == 1 {
                            target.put(from.vector(base[0]), 0)
                        } else if adjacent && stride == 2 {
                            target.put(from.evenVector(base[0]), 0)
                        } else {
                            for lane in 0..<8 { target[lane] = from[base[lane]] }
                        }
                        target += width
                    }
                }
            }
        }
    }

    /// Adds bias and addend to one row of a product, applies the activation and stores it.
    private func store(
        _ sums: UnsafePointer<Float>, row: Int, _ columns: Range<Int>, _ shape: ConvolutionShape, _ finish: Finish
    ) {
        let bias = finish.bias[row]
        var column = columns.lowerBound
        while column < columns.upperBound {
            // The part of the columns that lies in one image.
            let (image, pixel) = column.quotientAndRemainder(dividingBy: shape.pixels)
            let count = min(columns.upperBound &- column, shape.pixels &- pixel)
            let from = sums + (column &- columns.lowerBound)
            let target = finish.output + ((image &* shape.outputs &+ row) &* shape.pixels &+ pixel)
            let addend = finish.addend.map { $0 + (image &* finish.addendStride &+ row &* shape.pixels &+ pixel) }
            var index = 0
            while index &+ 8 <= count {
                var value = from.vector(index) + bias
                if let addend { value += addend.vector(index) }
                target.put(finish.clamp(value), index)
                index &+= 8
            }
            while index < count {
                var value = from[index] + bias
                if let addend { value += addend[index] }
                target[index] = finish.clamp(value)
                index &+= 1
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

    /// The offset of the patch of output pixel `index`, counted over the whole batch.
    @inline(__always)
    func offset(_ index: Int, _ stride: Int) -> Int {
        let (line, column) = index.quotientAndRemainder(dividingBy: columns)
        let (image, row) = line.quotientAndRemainder(dividingBy: rows)
        return image &* imageStride &+ row &* stride &* pitch &+ column &* stride
    }
}
