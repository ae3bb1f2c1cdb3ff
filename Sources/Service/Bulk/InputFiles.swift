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
        /// The content that the file must have; nil where any will do.
        package var content: ContentHash?
        /// The file's place, fit for messages.
        package var display: String { folder.display(relative) }
    }

    /// Each photograph once, however often it is named.
    package private(set) var items: [Item] = []
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
    package init(
        _ paths: [String], excluding output: Folder? = nil, endings: Set<String> = InputFormat.nameExtensions
    ) {
        self.endings = endings
        let except = (try? output?.identity).map { Set([$0]) } ?? []
        for path in paths {
            do {
                try add(path, except)
            } catch {
                problems.append("\(error)")
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
            if found.isEmpty && unreadable.isEmpty { throw FileError.missing(path: "a photograph in \(path)") }
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
        if known.insert(item.folder.absolute(item.relative)).inserted { items.append(item) }
    }
}
