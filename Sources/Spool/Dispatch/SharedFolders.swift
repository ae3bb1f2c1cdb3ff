import Files
import Foundation

/// The markers of an inbox and an outbox that several machines share: two files that hold one id.
///
/// They tell the folders that are meant from empty places where nothing is mounted, and from those of another service.
package struct SharedFolders: Equatable, Sendable {
    /// The name of a marker; no sidecar and no photograph has it.
    package static let fileName = ".autochrome.id"
    private static let limit = 256

    /// The id that both folders have.
    package let id: String

    /// Reads the markers of a pair of folders.
    ///
    /// - Parameter makes: Whether markers are made where neither folder has one; the coordinator alone does so.
    /// - Throws: `SpoolError.configuration` where the folders are not a pair.
    package init(inbox: Folder, outbox: Folder, makes: Bool) throws {
        let found = (inbox: try Self.id(in: inbox, "inbox"), outbox: try Self.id(in: outbox, "outbox"))
        switch found {
        case (let own?, let other?):
            guard own == other else {
                throw Self.error("\(inbox.path) and \(outbox.path) belong to different services, by their markers")
            }
            id = own
        case (nil, nil):
            guard makes else {
                throw Self.error(
                    "\(inbox.path) and \(outbox.path) have no markers: are they mounted, and has the coordinator run?")
            }
            id = String(UInt64.random(in: .min ... .max), radix: 16)
            try Self.write(id, "outbox", to: outbox)
            try Self.write(id, "inbox", to: inbox)
        case (nil, _?): throw Self.error(inbox, lacks: outbox)
        case (_?, nil): throw Self.error(outbox, lacks: inbox)
        }
    }

    private static func id(in folder: Folder, _ role: String) throws -> String? {
        let path = RelativePath.root.appending(fileName)
        do {
            let text = String(decoding: try folder.content(path, limit: limit), as: UTF8.self)
            let words = text.split(whereSeparator: \.isWhitespace)
            guard words.count == 3, words[0] == "autochrome" else {
                throw error("\(folder.display(path)) is no marker")
            }
            guard words[1] == role else { throw error("\(folder.path) is the \(words[1]), by its marker") }
            return String(words[2])
        } catch FileError.missing {
            return nil
        }
    }

    private static func write(_ id: String, _ role: String, to folder: Folder) throws {
        let name = Array(fileName.utf8)[...]
        let shown = folder.path + "/" + fileName
        let flags = O_WRONLY | O_CREAT | O_EXCL
        let file = try Descriptor.open(folder.descriptor.raw, name, flags, mode: 0o644, path: shown)
        try file.write(Data("autochrome \(role) \(id)\n".utf8), shown)
        try file.synchronize(shown)
        try folder.descriptor.synchronize(folder.path)
    }

    private static func error(_ folder: Folder, lacks other: Folder) -> SpoolError {
        error(
            "\(folder.path) has no marker and \(other.path) has one: is it mounted? If it is a new folder, remove "
                + "\(other.path)/\(fileName) and start the coordinator")
    }

    private static func error(_ reason: String) -> SpoolError { .configuration(reason) }
}
