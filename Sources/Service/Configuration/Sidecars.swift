import Foundation
import Spool

/// Finds the settings that hold for one image: those of its folders, the outermost first, then its own.
package enum Sidecars {
    package static let suffix = ".autochrome.yaml"

    /// The configuration for an image.
    ///
    /// - Parameters:
    ///   - root: Directory where the search for folders' settings begins.
    ///   - relative: The image's path below it.
    /// - Throws: `ConfigurationError` naming the file and line that is wrong.
    package static func resolve(
        _ base: Configuration, root: String, relative: SpoolPath
    ) throws -> Configuration {
        var configuration = base
        var folder = SpoolPath.root
        try overlay(root, folder.appending(suffix), on: &configuration)
        for component in relative.components.dropLast() {
            folder = folder.appending(component)
            try overlay(root, folder.appending(suffix), on: &configuration)
        }
        try overlay(root, folder.appending(Array(relative.name) + suffix.utf8), on: &configuration)
        return configuration
    }

    private static func overlay(_ root: String, _ path: SpoolPath, on configuration: inout Configuration) throws {
        guard let yaml = try SmallFile.read(root: root, path) else { return }
        let name = root + "/" + path.description
        try ConfigurationFile.overlay(yaml, name: name, on: &configuration)
    }
}

/// Reads small files below a folder whose names may be any bytes.
enum SmallFile {
    private static let limit = 1 << 20

    /// The text of a plain file; nil where there is none.
    static func read(root: String, _ path: SpoolPath) throws -> String? {
        let bytes = (Array(root.utf8) + [UInt8(ascii: "/")] + path.bytes).map { CChar(bitPattern: $0) } + [0]
        let name = root + "/" + path.description
        let descriptor = open(bytes, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
        if descriptor < 0 {
            if errno == ENOENT || errno == ENOTDIR || errno == ELOOP || errno == ENAMETOOLONG { return nil }
            // Too many open files, or a bad disk: no fault of the settings.
            guard errno == EACCES else { throw SpoolError.system(operation: "open", path: name, code: errno) }
            throw ConfigurationError.unreadable(file: name, String(cString: strerror(errno)))
        }
        let handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
        guard status.st_size <= limit else {
            throw ConfigurationError.unreadable(file: name, "larger than 1 MiB")
        }
        guard let data = try handle.readToEnd() else { return "" }
        guard let text = String(data: data, encoding: .utf8) else {
            throw ConfigurationError.unreadable(file: name, "not UTF-8")
        }
        return text
    }
}
