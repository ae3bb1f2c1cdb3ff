import Digest
import Files
import Foundation

/// A folder that is put together hidden, and gets its name when it is whole.
///
/// A run that is broken off is taken up again: what is there already with the right content stays.
struct ExportTarget {
    /// The document that says what an export holds.
    static let record = "autochrome-export.json"
    private static let prefix = ".autochrome-export-"
    private static let recordLimit = 1 << 30

    /// The beginning of the record, which tells one export from another.
    private struct Key: Codable { let key: String }

    let path: String
    private let parent: Folder
    private let name: ArraySlice<UInt8>
    private let hidden: [UInt8]
    /// The hidden folder.
    let folder: Folder
    private let progress: () throws -> Void

    /// Opens the target of an export; nil where this very export is there already.
    ///
    /// - Parameters:
    ///   - key: Identity of all that the export holds.
    ///   - progress: Called at each MiB of a copy; what it throws breaks the run off.
    /// - Throws: `FileError.occupied` where something else is there, or another run is at it.
    init?(_ path: String, key: String, progress: @escaping () throws -> Void = {}) throws {
        let place = URL(fileURLWithPath: path).standardizedFileURL
        self.path = place.path
        self.progress = progress
        try FileManager.default.createDirectory(
            at: place.deletingLastPathComponent(), withIntermediateDirectories: true)
        parent = try Folder(place.deletingLastPathComponent().path)
        name = Array(place.lastPathComponent.utf8)[...]
        if let status = try Folder.status(in: parent.descriptor.raw, name, place.path) {
            guard status.kind == .directory else { throw FileError.occupied(path: place.path) }
            let present = try Folder(place.path)
            if try Self.key(in: present) == key { return nil }
            guard try Folder.names(in: present.descriptor, place.path).isEmpty else {
                throw FileError.occupied(path: place.path)
            }
        }
        hidden = Array((Self.prefix + ContentHash(of: Array(name)).short).utf8)
        folder = try Self.open(hidden, in: parent, key)
    }

    /// Makes or takes over the hidden folder, without what another export has left in it.
    private static func open(_ name: [UInt8], in parent: Folder, _ key: String) throws -> Folder {
        let display = parent.path + "/" + String(decoding: name, as: UTF8.self)
        let isNew = name[...].withCString { mkdirat(parent.descriptor.raw, $0, 0o777) } == 0
        if !isNew, errno != EEXIST { throw FileError.last("make directory", display) }
        let folder = try Folder(display)
        guard flock(folder.descriptor.raw, LOCK_EX | LOCK_NB) == 0 else { throw FileError.occupied(path: display) }
        if !isNew, try Self.key(in: folder) != key {
            for child in try Folder.names(in: folder.descriptor, display) {
                try Folder.removeTree(in: folder.descriptor.raw, child[...], path: display)
            }
        }
        return folder
    }

    private static func key(in folder: Folder) throws -> String? {
        do {
            let data = try folder.content(RelativePath.root.appending(record), limit: recordLimit)
            return try? JSONDecoder().decode(Key.self, from: data).key
        } catch FileError.missing {
            return nil
        }
    }

    /// Copies a file that must have some content.
    func copy(_ source: RelativePath, of origin: Folder, content: ContentHash, to path: RelativePath) throws {
        if try hash(path) == content { return }
        let file = try origin.openFile(source)
        guard try file.hash() == content else { throw FileError.changed(path: origin.display(source)) }
        let target = try create(path)
        try file.copy(to: target, folder.display(path), progress: progress)
    }

    /// Writes a file.
    @discardableResult
    func write(_ content: Data, to path: RelativePath) throws -> ContentHash {
        let expected = ContentHash(of: content)
        if try hash(path) == expected { return expected }
        let target = try create(path)
        try target.write(content, folder.display(path))
        try target.synchronize(folder.display(path))
        return expected
    }

    private func create(_ path: RelativePath) throws -> Descriptor {
        let parent = try folder.makeDirectories(path.parent)
        let flags = O_RDWR | O_CREAT | O_TRUNC
        return try Descriptor.open(parent.raw, path.name, flags, path: folder.display(path))
    }

    /// The content of a file that is there; nil where there is none.
    func hash(_ path: RelativePath) throws -> ContentHash? {
        guard try folder.hasFile(path) else { return nil }
        return try folder.openFile(path).hash()
    }

    /// Gives the folder its name.
    func finish() throws {
        try folder.forEachFolder(unreadable: { _ in }) { path, _, folders in
            try folder.directory(path).synchronize(folder.display(path))
            return folders
        }
        let (from, to) = ((parent.descriptor.raw, hidden[...]), (parent.descriptor.raw, name))
        if try Folder.status(in: to.0, to.1, path) != nil || !Folder.rename(from, to, .noReplace, path: path) {
            // Over an empty folder.
            try Folder.renamePlainly(from, to, path: path)
        }
        try parent.descriptor.synchronize(parent.path)
    }
}
