import CVips

/// The facts in a file's header, read before any pixel is decoded.
struct Header {
    let format: InputFormat
    let bitDepth: Int
    let orientation: Orientation
    let resolution: Double?
    let dates: CaptureDates
    /// Bands of colour in the pipeline: 1 (gray) or 3 (sRGB).
    let colorBands: Int
    let hasAlpha: Bool
    private(set) var warnings: [String] = []

    /// Checks the header and sets up the conversion to gray or sRGB, with alpha last if there is any.
    ///
    /// Nothing is decoded yet.
    static func read(_ image: VipsPicture, format: InputFormat, name: String, limits: DecodeLimits) throws
        -> (VipsPicture, Header)
    {
        let pages = image.string("n-pages").flatMap { Int($0) } ?? 1
        if let reason = limits.refusal(width: image.width, height: image.height, pages: pages) {
            throw ImagingError.overLimit(file: name, reason: reason)
        }
        var warnings: [String] = []
        if pages > 1 { warnings.append("only the first of \(pages) pages or frames is used") }
        let depth: Int
        switch image.format {
        case VIPS_FORMAT_UCHAR: depth = 8
        case VIPS_FORMAT_USHORT: depth = 16
        default:
            let kind = String(cString: vips_enum_nick(vips_band_format_get_type(), Int32(image.format.rawValue)))
            throw ImagingError.unsupported(file: name, reason: "samples of type \(kind), not 8 or 16 bits")
        }
        guard let bands = fileColorBands(image), image.bands >= bands else {
            let space = vips_enum_nick(vips_interpretation_get_type(), Int32(image.interpretation.rawValue))
            let reason = "\(image.bands) channels of colour space \(String(cString: space!))"
            throw ImagingError.unsupported(file: name, reason: reason)
        }
        let hasAlpha = image.bands > bands
        if image.bands > bands + 1 { warnings.append("\(image.bands - bands - 1) extra channels are ignored") }
        var color = image
        if hasAlpha {
            guard let extracted = VipsPicture({ av_extract_bands(image.pointer, $0, 0, Int32(bands)) }) else {
                throw Photograph.Failure.library
            }
            color = extracted
        }
        color = try sRGB(color, depth: depth, warnings: &warnings)
        let colorBands = color.bands
        if hasAlpha {
            guard let alpha = VipsPicture({ av_extract_bands(image.pointer, $0, Int32(bands), 1) }),
                let joined = VipsPicture({ av_join_bands(color.pointer, alpha.pointer, $0) })
            else { throw Photograph.Failure.library }
            color = joined
        }
        let density = image.pointer.pointee.Xres
        let header = Header(
            format: format, bitDepth: depth,
            orientation: image.string("orientation").flatMap { Int($0) }.flatMap(Orientation.init) ?? .upright,
            // One pixel per millimetre is what libvips says when the file says nothing.
            resolution: density.isFinite && density > 1.001 ? density * 25.4 : nil,
            dates: CaptureDates(image), colorBands: colorBands, hasAlpha: hasAlpha, warnings: warnings)
        return (color, header)
    }

    private static func fileColorBands(_ image: VipsPicture) -> Int? {
        switch image.interpretation {
        case VIPS_INTERPRETATION_B_W, VIPS_INTERPRETATION_GREY16: 1
        case VIPS_INTERPRETATION_sRGB, VIPS_INTERPRETATION_RGB, VIPS_INTERPRETATION_RGB16: 3
        case VIPS_INTERPRETATION_CMYK: 4
        case VIPS_INTERPRETATION_MULTIBAND: image.bands < 3 ? 1 : 3
        default: nil
        }
    }

    /// The same colours as gray or sRGB, of the same depth.
    private static func sRGB(_ image: VipsPicture, depth: Int, warnings: inout [String]) throws -> VipsPicture {
        let profile = image.blob("icc-profile-data")
        let space = profile.map(ColorProfile.space(of:))
        switch (image.bands, space) {
        case (1, nil), (3, nil):
            return image
        case (3, .rgb):
            switch ColorProfile.isSRGB(profile!) {
            case true?: return image
            case false?: return try convert(image, fallback: "srgb", depth: depth)
            case nil: break
            }
        case (1, .gray):
            if let converted = VipsPicture({ av_to_srgb(image.pointer, $0, "srgb", Int32(depth)) }) { return converted }
        case (4, _):
            // Without a profile of its own, or with one of another colour space, the built-in one is assumed.
            if space != .cmyk {
                vips_image_remove(image.pointer, "icc-profile-data")
                warnings.append("CMYK without a profile: colours are approximate")
            }
            return try convert(image, fallback: "cmyk", depth: depth)
        default: break
        }
        // libvips refuses every operation on a gray image with an RGB profile: drop it.
        vips_image_remove(image.pointer, "icc-profile-data")
        warnings.append("the embedded colour profile does not fit the image and is ignored")
        return image
    }

    private static func convert(_ image: VipsPicture, fallback: String, depth: Int) throws -> VipsPicture {
        guard let converted = VipsPicture({ av_to_srgb(image.pointer, $0, fallback, Int32(depth)) }) else {
            throw Photograph.Failure.library
        }
        return converted
    }
}
