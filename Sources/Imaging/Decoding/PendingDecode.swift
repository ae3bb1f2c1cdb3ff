import CVips
import Foundation

/// A file whose header has been read and checked, and whose pixels are still to be decoded.
///
/// Not Sendable: a pipeline stays on the thread that made it.
final class PendingDecode {
    let header: Header
    private let picture: VipsPicture
    private let input: VipsFileSource
    private let name: String
    private let seconds: Double

    /// - Parameters:
    ///   - descriptor: open for reading, and until this object is gone; its position does not matter.
    ///   - name: the file's name for messages, printable.
    /// - Throws: `ImagingError`.
    init(descriptor: Int32, name: String, limits: DecodeLimits) throws {
        try Vips.ensureStarted()
        try limits.validate()
        let length = try Self.checkedLength(of: descriptor, name: name, limits: limits)
        guard let format = InputFormat(descriptor: descriptor) else {
            throw ImagingError.unsupported(file: name, reason: "not a JPEG, PNG, TIFF, WebP or HEIF file")
        }
        let input = try VipsFileSource(
            descriptor: descriptor, length: length, deadline: .now + .seconds(limits.seconds))
        (picture, header) = try Self.explaining(input, name, limits.seconds, format) {
            guard let image = av_open(input.source) else {
                // Of these libvips says nothing.
                if let size = Self.declaredSize(descriptor, format),
                    let reason = limits.refusal(width: size.width, height: size.height, pages: 1)
                {
                    throw ImagingError.overLimit(file: name, reason: reason)
                }
                throw Photograph.Failure.library
            }
            return try Header.read(VipsPicture(image), format: format, name: name, limits: limits)
        }
        self.input = input
        self.name = name
        seconds = limits.seconds
    }

    /// The facts that are known before the pixels.
    var description: ImageDescription {
        ImageDescription(
            width: header.orientation.swapsSides ? picture.height : picture.width,
            height: header.orientation.swapsSides ? picture.width : picture.height, hasAlpha: header.hasAlpha,
            bitDepth: header.bitDepth, format: header.format, dates: header.dates, resolution: header.resolution,
            warnings: header.warnings)
    }

    /// Gives the decoder its whole time from now on; for a caller that was not ready for pixels before.
    func restartClock() { input.restart(deadline: .now + .seconds(seconds)) }

    /// Decodes to the end.
    /// - Parameters:
    ///   - tones: room for every pixel, upright and row-major; see `GrayLevel`.
    ///   - alpha: the same for opacity, 0…65535, where the facts say that there is any.
    /// - Returns: a, then b, at 256×256; nil if every pixel is neutral.
    /// - Throws: `ImagingError`.
    func decode(tones: UnsafeMutablePointer<UInt16>, alpha: UnsafeMutablePointer<UInt16>?) throws -> [Float]? {
        try Self.explaining(input, name, seconds, header.format) {
            try StripDecoder(picture, header: header).decode(tones: tones, alpha: alpha) { input.isLate }
        }
    }

    /// Finds the reason of a failure that has none yet.
    private static func explaining<Result>(
        _ input: VipsFileSource, _ name: String, _ seconds: Double, _ format: InputFormat, _ body: () throws -> Result
    ) throws -> Result {
        do {
            return try body()
        } catch is Photograph.Failure {
            if input.isLate { throw ImagingError.tooSlow(file: name, seconds: seconds) }
            if input.failure != 0 { throw ImagingError.cannotRead(file: name, code: input.failure) }
            let reason = Vips.takeError()
            if reason.contains("not in a known format") {
                throw ImagingError.unsupported(file: name, reason: "no decoder for \(format.rawValue) here")
            }
            throw ImagingError.damaged(file: name, reason: reason)
        }
    }

    /// The sides in a PNG file's first chunk, which may be more than libvips reads.
    private static func declaredSize(_ descriptor: Int32, _ format: InputFormat) -> (width: Int, height: Int)? {
        var bytes = [UInt8](repeating: 0, count: 24)
        guard format == .png, pread(descriptor, &bytes, bytes.count, 0) == bytes.count,
            bytes[12..<16].elementsEqual("IHDR".utf8)
        else { return nil }
        func number(_ part: ArraySlice<UInt8>) -> Int { part.reduce(0) { $0 << 8 | Int($1) } }
        return (number(bytes[16..<20]), number(bytes[20..<24]))
    }

    private static func checkedLength(of descriptor: Int32, name: String, limits: DecodeLimits) throws -> Int {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw ImagingError.cannotOpen(file: name, code: errno) }
        switch status.st_mode & S_IFMT {
        case S_IFREG: break
        case S_IFDIR: throw ImagingError.notAPhotograph(file: name, reason: "a directory")
        case S_IFIFO: throw ImagingError.notAPhotograph(file: name, reason: "a pipe")
        case S_IFSOCK: throw ImagingError.notAPhotograph(file: name, reason: "a socket")
        default: throw ImagingError.notAPhotograph(file: name, reason: "a device")
        }
        guard status.st_size > 0 else { throw ImagingError.damaged(file: name, reason: "the file is empty") }
        guard status.st_size <= limits.bytes else {
            let reason = "\(status.st_size) bytes, at most \(limits.bytes) allowed"
            throw ImagingError.overLimit(file: name, reason: reason)
        }
        return status.st_size
    }
}
