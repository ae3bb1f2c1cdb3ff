import CVips
import Tensor

/// Decodes a photograph's pixels from top to bottom, turns them upright and reduces them to what is kept.
///
/// Not Sendable: a pipeline stays on the thread that made it.
struct StripDecoder {
    /// Rows decoded at a time: few, to bound memory; enough for the decoders' own blocks.
    private static let stripHeight = 64

    private let picture: VipsPicture
    private let header: Header

    /// - Parameter picture: 8 or 16 bits; gray or sRGB, then alpha.
    init(_ picture: VipsPicture, header: Header) {
        self.picture = picture
        self.header = header
    }

    /// Decodes to the end.
    /// - Parameters:
    ///   - tones: room for every pixel, upright.
    ///   - alpha: the same for opacity, if there is any.
    ///   - isLate: asked between strips whether to give up.
    /// - Returns: a, then b, at 256×256; nil if every pixel is neutral.
    func decode(
        tones: UnsafeMutablePointer<UInt16>, alpha: UnsafeMutablePointer<UInt16>?, isLate: () -> Bool
    ) throws -> [Float]? {
        let (columns, rows) = (picture.width, picture.height)
        let orientation = header.orientation
        guard let region = vips_region_new(picture.pointer) else { throw Photograph.Failure.library }
        defer { av_unref(region) }

        let side = NetworkGeometry.lightnessSide
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
                let isGray = reader.read(av_region_row(region, 0, Int32(y)))
                isNeutral = isGray && isNeutral
                // Of a neutral row there is nothing to add.
                a.add(isGray ? nil : reader.a)
                b.add(isGray ? nil : reader.b)
                let start = origin + y * row
                if column == 1 {
                    (tones + start).update(from: reader.tones, count: columns)
                } else {
                    for x in 0..<columns { tones[start + x * column] = reader.tones[x] }
                }
                if let alpha {
                    for x in 0..<columns { alpha[start + x * column] = reader.alpha[x] }
                }
            }
        }
        if isNeutral { return nil }
        return orientation.apply(a.plane, width: side, height: side)
            + orientation.apply(b.plane, width: side, height: side)
    }
}
