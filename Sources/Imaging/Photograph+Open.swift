import CVips
import Foundation

extension Photograph {
    /// Decodes a file completely, after checking its header against the limits.
    ///
    /// Symbolic links are not followed, and only a regular file is opened.
    /// - Throws: `ImagingError`.
    package static func open(path: String, limits: DecodeLimits = DecodeLimits()) throws -> Photograph {
        // Without O_NONBLOCK, opening a pipe would wait for its writer.
        let descriptor = Foundation.open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | O_NOCTTY)
        guard descriptor >= 0 else {
            let code = errno
            if code == ELOOP { throw ImagingError.notAPhotograph(file: printable(path), reason: "a symbolic link") }
            if code == ENXIO { throw ImagingError.notAPhotograph(file: printable(path), reason: "a pipe or socket") }
            throw ImagingError.cannotOpen(file: printable(path), code: code)
        }
        defer { close(descriptor) }
        return try open(descriptor: descriptor, name: path, limits: limits)
    }

    /// Decodes an open file completely, after checking its header against the limits.
    ///
    /// For names that are no valid text, and for callers that have checked or hashed the very same file.
    /// - Parameters:
    ///   - descriptor: open for reading; it stays open, and its position does not matter.
    ///   - name: the file's name for messages.
    /// - Throws: `ImagingError`.
    package static func open(descriptor: Int32, name: String, limits: DecodeLimits = DecodeLimits()) throws
        -> Photograph
    {
        try reading(descriptor, name: name, limits: limits) { picture, header, input in
            let scan = try Scan(picture, header: header) { input.isLate }
            return Photograph(header: header, scan: scan, name: printable(name))
        }
    }

    /// Columns and rows of an open file before orientation, from its header, checked against the limits.
    /// - Throws: `ImagingError`.
    package static func size(descriptor: Int32, name: String, limits: DecodeLimits = DecodeLimits()) throws
        -> (width: Int, height: Int)
    {
        try reading(descriptor, name: name, limits: limits) { picture, _, _ in (picture.width, picture.height) }
    }

    private static func reading<Result>(
        _ descriptor: Int32, name: String, limits: DecodeLimits,
        _ body: (Picture, Header, InputFile) throws -> Result
    ) throws -> Result {
        try Vips.ensureStarted()
        try limits.validate()
        let name = printable(name)
        let length = try checkedLength(of: descriptor, name: name, limits: limits)
        guard let format = InputFormat(descriptor: descriptor) else {
            throw ImagingError.unsupported(file: name, reason: "not a JPEG, PNG, TIFF, WebP or HEIF file")
        }
        let deadline = ContinuousClock.now + .seconds(limits.seconds)
        return try ErrorBuffer.attributing {
            let input = try InputFile(descriptor: descriptor, length: length, deadline: deadline)
            do {
                guard let image = av_open(input.source) else { throw Failure.library }
                let (picture, header) = try Header.read(Picture(image), format: format, name: name, limits: limits)
                return try body(picture, header, input)
            } catch is Failure {
                if input.isLate { throw ImagingError.tooSlow(file: name, seconds: limits.seconds) }
                if input.failure != 0 { throw ImagingError.cannotRead(file: name, code: input.failure) }
                let reason = Vips.takeError()
                if reason.contains("not in a known format") {
                    throw ImagingError.unsupported(file: name, reason: "no decoder for \(format.rawValue) here")
                }
                throw ImagingError.damaged(file: name, reason: reason)
            }
        }
    }

    /// What stops a decode whose reason is still to be found.
    enum Failure: Error { case library, late }

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

    /// A name whose control characters are escaped, fit for one line of a message.
    static func printable(_ name: String) -> String {
        var result = ""
        for scalar in name.unicodeScalars {
            let isControl = scalar.properties.generalCategory == .control
            result += isControl ? scalar.escaped(asASCII: true) : String(scalar)
        }
        return result
    }
}
