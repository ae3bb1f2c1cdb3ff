/// A picture of RGB samples, with opacity where there are four bands, whose rows can be had from top to bottom.
protocol PixelRows {
    /// Columns.
    var width: Int { get }
    /// Rows.
    var height: Int { get }
    /// 3, or 4 with opacity.
    var bands: Int { get }
    /// Bits of a sample, 8 or 16.
    var depth: Int { get }

    /// Writes rows into memory, one after the other without gaps.
    func write(_ rows: Range<Int>, to target: UnsafeMutableRawPointer)
}

extension PixelRows {
    var rowBytes: Int { width * bands * depth / 8 }

    /// Runs `body` with so many rows at a time in memory that is used again.
    /// - Throws: what `body` throws.
    func forEachStrip<Failure: Error>(
        of rows: Int, _ body: (_ rows: Range<Int>, _ bytes: UnsafeMutableRawPointer) throws(Failure) -> Void
    ) throws(Failure) {
        let strip = UnsafeMutableRawPointer.allocate(byteCount: min(rows, height) * rowBytes, alignment: 64)
        defer { strip.deallocate() }
        for top in stride(from: 0, to: height, by: rows) {
            let part = top..<min(top + rows, height)
            write(part, to: strip)
            try body(part, strip)
        }
    }
}

extension RGBImage: PixelRows {
    var bands: Int { 3 }
    var depth: Int { 8 }

    func write(_ rows: Range<Int>, to target: UnsafeMutableRawPointer) {
        pixels.withUnsafeBytes {
            target.copyMemory(from: $0.baseAddress! + rows.lowerBound * rowBytes, byteCount: rows.count * rowBytes)
        }
    }
}
