import Digest
import Files
import Foundation
import Imaging
import Spool

/// The photographs that a command's arguments name.
package struct InputFiles: Sendable {
    /// A file below the folder it was found in.
    package struct Item: Sendable {
        package var folder: Folder
        package var relative: RelativePath
        /// The folder below which its folders' settings lie, where that is not its own.
        package var settingsRoot: String?
        /// The content that the file must have; nil where any will do.
        package var content: ContentHash?
        /// The file's place, fit for messages.
        package var display: String { folder.display(relative) }
    }

    /// Each photograph once, however often it is named.
    package private(set) var items: [Item] = []
    private var shard: Shard?
    private var known: Set<[UInt8]> = []
    private let endings: Set<String>
    /// Arguments and folders in them that cannot be read, each with its reason.
    package private(set) var problems: [String] = []

    /// Finds the photographs of files and folders; folders are searched, without the names that a service ignores.
    ///
    /// A file that is named itself may end in anything.
    ///
    /// - Parameters:
    ///   - output: A folder that is not searched, since results lie there.
    ///   - endings: Of the files in folders, without the dot, in lower case.
    ///   - shard: The part of them that is meant; all where there is none.
    package init(
        _ paths: [String], excluding output: Folder? = nil, endings: Set<String> = InputFormat.nameExtensions,
        shard: Shard? = nil
    ) {
        self.endings = endings
        self.shard = shard
        let except = (try? output?.identity).map { Set([$0]) } ?? []
        for path in paths {
            do {
                try add(path, except)
            } catch {
                problems.append("\(error)")
            }
        }
    }

    /// The photographs that a list names, each by its path below a folder.
    ///
    /// - Parameter list: A path on each line, or each ended by a NUL, with `./` before it or not; one that is no path below a
    ///   folder is a problem.
    package init(list: [UInt8], in folder: String, shard: Shard? = nil) throws {
        endings = []
        self.shard = shard
        let folder = try Folder(URL(fileURLWithPath: folder).standardizedFileURL.path)
        let end = list.contains(0) ? 0 : UInt8(ascii: "\n")
        for line in list.split(separator: end) {
            let path = line.starts(with: "./".utf8) ? line.dropFirst(2) : line
            if let path = RelativePath(bytes: Array(path)), !path.isRoot {
                take(Item(folder: folder, relative: path))
            } else {
                problems.append("the list: \(RelativePath.escape(line)) is no path below \(folder.path)")
            }
        }
    }

    private mutating func add(_ path: String, _ except: Set<FileIdentity>) throws {
        let absolute = URL(fileURLWithPath: path).standardizedFileURL
        var isDirectory: ObjCBool = false
        if FileManager.default.fileExists(atPath: absolute.path, isDirectory: &isDirectory), isDirectory.boolValue {
            let folder = try Folder(absolute.path)
            var found: [Item] = []
            var unreadable: [String] = []
            try folder.forEachFile(except: except, unreadable: { unreadable.append("\($0)") }) { relative in
                let ending = String(decoding: relative.suffix.dropFirst(), as: UTF8.self).lowercased()
                if endings.contains(ending) {
                    found.append(Item(folder: folder, relative: relative))
                }
            }
            problems += unreadable
            if found.isEmpty && unreadable.isEmpty { throw FileError.empty(path: path, of: "photograph") }
            found.forEach { take($0) }
        } else {
            let folder = try Folder(absolute.deletingLastPathComponent().path)
            guard let name = RelativePath(absolute.lastPathComponent), !name.isRoot else {
                throw FileError.missing(path: path)
            }
            take(Item(folder: folder, relative: name))
        }
    }

    private mutating func take(_ item: Item) {
        if let shard, !shard.contains(item.relative) { return }
        if known.insert(item.folder.absolute(item.relative)).inserted { items.append(item) }
    }
}
