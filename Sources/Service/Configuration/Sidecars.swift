import Files
import Foundation
import Spool

/// Finds the settings of one image: those of its folders, the outermost first, then its own.
package enum Sidecars {
    static let suffix = RelativePath.sidecarEnding
    private static let limit = 1 << 20

    /// The configuration for an image.
    ///
    /// - Parameters:
    ///   - root: The folder where the search begins.
    ///   - relative: The image's path below it.
    ///   - own: The folder below which the image itself lies at that path, with its own settings; the root if not given.
    /// - Throws: `ConfigurationError` naming the file and line that is wrong.
    package static func resolve(
        _ base: Configuration, root: String, relative: RelativePath, own: String? = nil
    ) throws -> Configuration {
        var configuration = base
        var folder = RelativePath.root
        try overlay(root, folder.appending(suffix), on: &configuration)
        for component in relative.components.dropLast() {
            folder = folder.appending(component)
            try overlay(root, folder.appending(suffix), on: &configuration)
        }
        let name = Array(relative.name) + suffix.utf8
        try overlay(own ?? root, folder.appending(name), Setting.own, on: &configuration)
        return configuration
    }

    private static func overlay(
        _ root: String, _ path: RelativePath, _ settings: [Setting] = Setting.coloring,
        on configuration: inout Configuration
    ) throws {
        guard let yaml = try text(root, path) else { return }
        try ConfigurationFile.overlay(
            yaml, name: root + "/" + path.description, settings: settings, on: &configuration)
    }

    /// The text of a plain file below a folder, reached through no symbolic link; nil where there is none.
    static func text(_ root: String, _ path: RelativePath) throws -> String? {
        let name = root + "/" + path.description
        do {
            let data = try Folder(root).content(path, limit: limit)
            guard let text = String(data: data, encoding: .utf8) else {
                throw ConfigurationError.unreadable(file: name, "not UTF-8")
            }
            return text
        } catch FileError.damaged {
            throw ConfigurationError.unreadable(file: name, "larger than 1 MiB")
        } catch FileError.missing, FileError.refused {
            return nil
        } catch FileError.system(_, _, let code) where [ENOTDIR, ELOOP, ENAMETOOLONG].contains(code) {
            return nil
        }
    }
}
