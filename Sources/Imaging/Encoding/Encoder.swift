import CVips
import Foundation

/// Writes a libvips pipeline to a new file, with profile and metadata.
enum Encoder {
    /// Everything that a file says besides its pixels.
    struct Metadata {
        var disclosure: Disclosure
        var dates = CaptureDates()
    }

    /// Runs the pipeline to its end; a file that failed is removed.
    /// - Throws: `ImagingError.cannotWrite` for the disk's troubles, `.cannotEncode` for the encoder's.
    static func write(_ picture: VipsPicture, to path: String, options: OutputOptions, metadata: Metadata) throws {
        let name = Photograph.printable(path)
        let longest = options.format.longestSide
        guard max(picture.width, picture.height) <= longest else {
            let reason = "\(picture.width) × \(picture.height): \(options.format.rawValue) allows \(longest) a side"
            throw ImagingError.cannotEncode(file: name, reason: reason)
        }
        try describe(picture, options.format, metadata)
        let descriptor = open(path, O_RDWR | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0o666)
        guard descriptor >= 0 else { throw ImagingError.cannotWrite(file: name, code: errno) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            close(descriptor)
            throw ImagingError.cannotEncode(file: name, reason: "the output is not a regular file")
        }
        do {
            defer { close(descriptor) }
            let file = try VipsFileTarget(descriptor: descriptor)
            let status = ErrorBuffer.sharing { encode(picture, to: file, options) }
            if file.failure != 0 { throw ImagingError.cannotWrite(file: name, code: file.failure) }
            if status != 0 { throw ImagingError.cannotEncode(file: name, reason: Vips.takeError()) }
        } catch {
            unlink(path)
            throw error
        }
    }

    static func encode(_ picture: VipsPicture, to file: VipsFileTarget, _ options: OutputOptions) -> Int32 {
        let (image, target, quality) = (picture.pointer, file.target, Int32(options.quality))
        switch options.format {
        case .jpeg: return av_save_jpeg(image, target, quality)
        case .png: return av_save_png(image, target, picture.format == VIPS_FORMAT_USHORT ? 16 : 8)
        case .webp: return av_save_webp(image, target, quality)
        case .tiff:
            let sample = picture.format == VIPS_FORMAT_USHORT ? 2 : 1
            // Classic TIFF ends at 4 GiB.
            let isBig = picture.width * picture.height * picture.bands * sample > 3 << 30
            return av_save_tiff(image, target, isBig ? 1 : 0)
        }
    }

    private static func describe(_ picture: VipsPicture, _ format: OutputFormat, _ metadata: Metadata) throws {
        let (disclosure, dates) = (metadata.disclosure, metadata.dates)
        picture.setBlob("icc-profile-data", try ColorProfile.sRGB())
        picture.setBlob("xmp-data", Array(disclosure.xmp(dates: dates).utf8))
        // Only in JPEG: libvips 8.14 cuts the records of a TIFF to a quarter of their length.
        if format == .jpeg { picture.setBlob("iptc-data", photoshopBlock(disclosure.iptc())) }
        picture.setString("exif-ifd0-Software", disclosure.tool)
        picture.setString("exif-ifd0-ImageDescription", disclosure.caption)
        if let date = dates.modified { picture.setString("exif-ifd0-DateTime", date) }
        if let date = dates.original { picture.setString("exif-ifd2-DateTimeOriginal", date) }
        if let date = dates.digitized { picture.setString("exif-ifd2-DateTimeDigitized", date) }
    }

    /// IPTC records inside the resource block that JPEG keeps them in.
    private static func photoshopBlock(_ records: [UInt8]) -> [UInt8] {
        let length = UInt32(records.count)
        var block = Array("Photoshop 3.0\0".utf8) + Array("8BIM".utf8) + [0x04, 0x04, 0, 0]
        block += [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: length >> $0) }
        block += records
        if records.count % 2 == 1 { block.append(0) }
        return block
    }
}
