import CVips

/// A small 8-bit sRGB picture in memory.
package struct RGBImage: Sendable, Equatable {
    /// Columns.
    package let width: Int
    /// Rows.
    package let height: Int
    /// Red, green and blue of each pixel, row-major.
    package var pixels: [UInt8]

    /// A picture of one gray.
    package init(width: Int, height: Int, gray: UInt8 = 0) {
        precondition(width > 0 && height > 0, "a picture needs at least one pixel")
        self.width = width
        self.height = height
        pixels = [UInt8](repeating: gray, count: width * height * 3)
    }

    /// A picture of three planes of values in 0…1, which are held within it.
    package init(planes: [Float], width: Int, height: Int) {
        self.init(width: width, height: height)
        let count = width * height
        precondition(planes.count == 3 * count, "\(planes.count) values for \(width)×\(height)")
        for pixel in 0..<count {
            for channel in 0..<3 {
                pixels[3 * pixel + channel] = UInt8((max(0, min(1, planes[channel * count + pixel])) * 255).rounded())
            }
        }
    }

    /// Copies another picture into this one, which must have room for it.
    package mutating func place(_ other: RGBImage, x: Int, y: Int) {
        precondition(
            x >= 0 && y >= 0 && x + other.width <= width && y + other.height <= height, "no room at \(x), \(y)")
        for row in 0..<other.height {
            let target = ((y + row) * width + x) * 3
            let source = row * other.width * 3
            pixels.replaceSubrange(
                target..<target + other.width * 3, with: other.pixels[source..<source + other.width * 3])
        }
    }

    /// Writes the picture to a file, with profile and disclosure.
    /// - Throws: `ImagingError`.
    package func write(to path: String, options: OutputOptions, disclosure: Disclosure) throws {
        try Vips.ensureStarted()
        try options.validate()
        try Encoder.write(self, pixelsPerInch: 72, to: path, options: options, metadata: FileMetadata(disclosure))
    }

    /// The pixels as libvips has them.
    func picture() throws -> VipsPicture {
        let image = pixels.withUnsafeBytes {
            vips_image_new_from_memory_copy($0.baseAddress, $0.count, Int32(width), Int32(height), 3, VIPS_FORMAT_UCHAR)
        }
        guard let image else { throw ImagingError.library(reason: Vips.takeError()) }
        let picture = VipsPicture(image)
        picture.pointer.pointee.Type = VIPS_INTERPRETATION_sRGB
        picture.pointer.pointee.Xres = 72 / 25.4
        picture.pointer.pointee.Yres = 72 / 25.4
        return picture
    }
}
