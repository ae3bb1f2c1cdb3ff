import Files
import Foundation

/// A reader's cursor in a file, which one process at a time keeps.
package final class CursorFile: Sendable {
    /// Where the cursors of readers with a name lie, in the state folder.
    package static let folderName = "cursors"

    package let path: String
    /// Bytes of a cursor at most.
    private static let limit = 256
    private let folder: Folder
    private let name: RelativePath
    private let lock: Descriptor

    /// Opens the cursor of a path, which need not be there yet.
    ///
    /// - Throws: `SpoolError.locked` where another process has it.
    package init(_ path: String) throws {
        let place = URL(fileURLWithPath: path).standardizedFileURL
        guard let name = RelativePath(place.lastPathComponent), !name.isRoot else {
            throw FileError.missing(path: path)
        }
        self.path = place.path
        self.name = name
        folder = try Folder(place.deletingLastPathComponent().path)
        lock = try Descriptor.open(
            folder.descriptor.raw, Array(".\(place.lastPathComponent).lock".utf8)[...], O_RDWR | O_CREAT, path: path)
        guard flock(lock.raw, LOCK_EX | LOCK_NB) == 0 else { throw SpoolError.locked(path: path, holder: "") }
    }

    deinit {
        // A process that is just being started may have a copy of the descriptor, and would hold the lock on.
        flock(lock.raw, LOCK_UN)
    }

    /// Opens the cursor of a reader with a name.
    package convenience init(name: String, state: String) throws {
        guard Self.isName(name) else {
            throw SpoolError.configuration("a reader's name is of letters, digits, '-' and '_': \(name)")
        }
        let folder = state + "/" + Self.folderName
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try self.init(folder + "/" + name)
    }

    private static func isName(_ name: String) -> Bool {
        !name.isEmpty && name.utf8.count <= 100
            && name.utf8.allSatisfy { isalnum(Int32($0)) != 0 || "-_".utf8.contains($0) }
    }

    /// The cursor; nil where there is none yet.
    package func read() throws -> EventCursor? {
        let data: Data
        do {
            data = try folder.content(name, limit: Self.limit)
        } catch FileError.missing {
            return nil
        }
        guard let cursor = Self.cursor(data) else { throw FileError.damaged(path: path, detail: "it is no cursor") }
        return cursor
    }

    /// Keeps a cursor; it is on the disk when this returns.
    package func write(_ cursor: EventCursor) throws {
        // This process alone writes it, as the lock says: one name will do.
        let aside = ".\(String(decoding: name.bytes, as: UTF8.self)).new"
        try Folder.replace(name.name, in: folder.descriptor, by: aside, path: path) {
            try $0.write(Data("\(cursor)\n".utf8), path)
        }
    }

    /// The cursors of all readers with a name; one that cannot be read counts as none.
    package static func all(state: String) -> [EventCursor] {
        guard let folder = try? Folder(state + "/" + folderName),
            let names = try? Folder.names(in: folder.descriptor, folder.path)
        else { return [] }
        return names.filter { $0.first != UInt8(ascii: ".") }.compactMap { name in
            (try? folder.content(RelativePath.root.appending(name), limit: limit)).flatMap(cursor)
        }
    }

    private static func cursor(_ content: Data) -> EventCursor? {
        EventCursor(String(decoding: content, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines))
    }
}
