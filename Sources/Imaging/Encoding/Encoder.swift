import CVips
import Foundation

/// Writes a picture to a new file, with profile and metadata.
enum Encoder {
    /// Encodes the picture to its end; a file that failed is removed.
    /// - Throws: `ImagingError.cannotWrite` for the disk's troubles, `.cannotEncode` for the encoder's.
    static func write(
        _ picture: some PixelRows, pixelsPerInch: Double, to path: String, options: OutputOptions,
        metadata: FileMetadata
    ) throws {
        let name = Photograph.printable(path)
        let longest = options.format.longestSide
        guard max(picture.width, picture.height) <= longest else {
            let reason = "\(picture.width) × \(picture.height): \(options.format.rawValue) allows \(longest) a side"
            throw ImagingError.cannotEncode(file: name, reason: reason)
        }
        var metadata = metadata
        metadata.complete(
            width: picture.width, height: picture.height, pixelsPerInch: pixelsPerInch, format: options.format)
        let profile = try ColorProfile.sRGB()
        let insertion: FileTarget.Insertion? =
            switch options.format {
            case .jpeg: JPEGMetadata.insertion(metadata, profile: profile, pixelsPerInch: pixelsPerInch)
            case .png: PNGMetadata.insertion(metadata, profile: profile)
            case .webp, .tiff: nil
            }
        let descriptor = open(path, O_RDWR | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0o666)
        guard descriptor >= 0 else { throw ImagingError.cannotWrite(file: name, code: errno) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            close(descriptor)
            throw ImagingError.cannotEncode(file: name, reason: "the output is not a regular file")
        }
        do {
            defer { close(descriptor) }
            let file = FileTarget(descriptor: descriptor, inserting: insertion)
            let failure = try encode(picture, pixelsPerInch: pixelsPerInch, profile: profile, to: file, options)
            if file.failure != 0 { throw ImagingError.cannotWrite(file: name, code: file.failure) }
            if let failure { throw ImagingError.cannotEncode(file: name, reason: failure.reason) }
            switch options.format {
            case .webp: try WebPMetadata.add(metadata, to: WrittenFile(descriptor: descriptor, name: name))
            case .tiff: try TIFFMetadata.add(metadata, to: WrittenFile(descriptor: descriptor, name: name))
            case .jpeg, .png: break
            }
        } catch {
            unlink(path)
            throw error
        }
    }

    /// Writes the pixels, and in TIFF and WebP the profile.
    static func encode(
        _ picture: some PixelRows, pixelsPerInch: Double, profile: [UInt8], to file: FileTarget,
        _ options: OutputOptions
    ) throws -> EncoderFailure? {
        switch options.format {
        case .jpeg:
            return JPEGEncoder.encode(picture, to: file, quality: options.quality, subsampling: options.subsampling)
        case .tiff: return TIFFEncoder.encode(picture, to: file, profile: profile, pixelsPerInch: pixelsPerInch)
        case .png, .webp:
            let rows = VipsRows(picture)
            let image = try rows.picture(pixelsPerInch: pixelsPerInch)
            image.setBlob("icc-profile-data", profile)
            let target = try VipsFileTarget(file)
            let status = withExtendedLifetime((rows, target)) {
                ErrorBuffer.sharing {
                    options.format == .png
                        ? av_save_png(image.pointer, target.target, Int32(picture.depth))
                        : av_save_webp(image.pointer, target.target, Int32(options.quality))
                }
            }
            return status == 0 ? nil : EncoderFailure(reason: Vips.takeError())
        }
    }
}
