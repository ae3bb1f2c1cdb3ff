import Foundation

extension Folder {
    /// Writes a file in the place of one that has its name, whole or not at all.
    ///
    /// The folder that holds it must be there.
    package func replace(_ path: RelativePath, with content: Data) throws {
        let hidden = HostIdentity.current.name(prefix: Self.hiddenPrefix)
        try Self.replace(path.name, in: directory(path.parent), by: hidden, path: display(path)) {
            try $0.write(content, display(path))
        }
    }

    /// Writes a file in the place of one that has its name, whole or not at all, and durable.
    ///
    /// - Parameter hidden: The name that it has until it is whole; what a killed writer has left under it is overwritten.
    package static func replace(
        _ name: ArraySlice<UInt8>, in directory: Descriptor, by hidden: String, path: String,
        fill: (Descriptor) throws -> Void
    ) throws {
        let hidden = Array(hidden.utf8)[...]
        let file = try Descriptor.open(directory.raw, hidden, O_WRONLY | O_CREAT | O_TRUNC, path: path)
        do {
            try fill(file)
            try file.synchronize(path)
            try renamePlainly((directory.raw, hidden), (directory.raw, name), path: path)
        } catch {
            _ = hidden.withCString { unlinkat(directory.raw, $0, 0) }
            throw error
        }
        try directory.synchronize(path)
    }
}
