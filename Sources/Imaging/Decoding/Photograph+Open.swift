import Foundation

extension Photograph {
    /// Decodes a file completely, after checking its header against the limits.
    ///
    /// Symbolic links are not followed, and only a regular file is opened.
    /// - Throws: `ImagingError`.
    package static func open(path: String, limits: DecodeLimits = DecodeLimits()) throws -> Photograph {
        try withDescriptor(of: path) { try open(descriptor: $0, name: path, limits: limits) }
    }

    /// Decodes an open file completely, in this process, after checking its header against the limits.
    ///
    /// Strangers' files are for `SandboxedDecoder`.
    /// - Parameters:
    ///   - descriptor: open for reading; it stays open, and its position does not matter.
    ///   - name: the file's name for messages, which need not be printable.
    /// - Throws: `ImagingError`.
    package static func open(descriptor: Int32, name: String, limits: DecodeLimits = DecodeLimits()) throws
        -> Photograph
    {
        let name = printable(name)
        return try ErrorBuffer.attributing {
            let file = try PendingDecode(descriptor: descriptor, name: name, limits: limits)
            let description = file.description
            var plane = GrayPlane(width: description.width, height: description.height, hasAlpha: description.hasAlpha)
            let chroma = try plane.withUnsafeMutablePointers { try file.decode(tones: $0, alpha: $1) }
            return Photograph(description: description, plane: plane, chroma: chroma, name: name)
        }
    }

    /// Stops a decode; the caller then finds the reason.
    enum Failure: Error { case library, late }

    /// Opens a regular file, and no link, for as long as `body` runs.
    static func withDescriptor<Result>(of path: String, _ body: (Int32) throws -> Result) throws -> Result {
        // Without O_NONBLOCK, opening a pipe would wait for its writer.
        let descriptor = Foundation.open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | O_NOCTTY)
        guard descriptor >= 0 else {
            let code = errno
            if code == ELOOP { throw ImagingError.notAPhotograph(file: printable(path), reason: "a symbolic link") }
            if code == ENXIO { throw ImagingError.notAPhotograph(file: printable(path), reason: "a pipe or socket") }
            throw ImagingError.cannotOpen(file: printable(path), code: code)
        }
        defer { close(descriptor) }
        return try body(descriptor)
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
