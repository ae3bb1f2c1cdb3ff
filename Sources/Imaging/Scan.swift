import CVips

/// The pixels of a photograph, decoded from top to bottom, turned upright and reduced to what is kept.
struct Scan {
    /// Tones and opacity, upright.
    private(set) var plane: TonePlane
    /// a, then b, at 256×256; nil if every pixel is neutral.
    private(set) var chroma: [Float]?

    /// Rows decoded at a time: few, to bound memory; enough for the decoders' own blocks.
    private static let stripHeight = 64

    /// Decodes to the end.
    /// - Parameters:
    ///   - picture: 8 or 16 bits; gray or sRGB, then alpha.
    ///   - isLate: asked between strips whether to give up.
    init(_ picture: Picture, header: Header, isLate: () -> Bool) throws {
        let (columns, rows) = (picture.width, picture.height)
        let orientation = header.orientation
        plane = TonePlane(
            width: orientation.swapsSides ? rows : columns, height: orientation.swapsSides ? columns : rows,
            hasAlpha: header.hasAlpha)
        guard let region = vips_region_new(picture.pointer) else { throw Photograph.Failure.library }
        defer { av_unref(region) }

        let side = Photograph.networkSide
        let reader = RowReader(width: columns, header: header)
        var a = Resampler(width: columns, height: rows, to: side, side)
        var b = a
        var isNeutral = true
        let (origin, column, row) = orientation.placement(width: columns, height: rows)
        for top in stride(from: 0, to: rows, by: Self.stripHeight) {
            if isLate() { throw Photograph.Failure.late }
            let count = min(Self.stripHeight, rows - top)
            var strip = VipsRect(left: 0, top: Int32(top), width: Int32(columns), height: Int32(count))
            guard vips_region_prepare(region, &strip) == 0 else { throw Photograph.Failure.library }
            for y in top..<top + count {
                isNeutral = reader.read(av_region_row(region, 0, Int32(y))) && isNeutral
                a.add(reader.a)
                b.add(reader.b)
                let start = origin + y * row
                plane.tones.withUnsafeMutableBufferPointer { tones in
                    for x in 0..<columns { tones[start + x * column] = reader.tones[x] }
                }
                plane.alpha?.withUnsafeMutableBufferPointer { alpha in
                    for x in 0..<columns { alpha[start + x * column] = reader.alpha[x] }
                }
            }
        }
        if !isNeutral {
            chroma =
                orientation.apply(a.plane, width: side, height: side)
                + orientation.apply(b.plane, width: side, height: side)
        }
    }
}
