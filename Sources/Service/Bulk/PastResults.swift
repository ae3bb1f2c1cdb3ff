import Colorization
import Foundation
import Spool

/// Results that lie in a folder, each with the original it was made from.
package struct PastResults: Sendable {
    package struct Item: Sendable {
        package var result: PublishedResult
        package var original: InputFiles.Item
    }

    package let publisher: Publisher
    package private(set) var items: [Item] = []
    /// Results whose original is not to be found.
    package private(set) var problems: [String] = []

    /// Finds the results at or below a path.
    package init(_ path: String, configuration: Configuration) throws {
        let place = URL(fileURLWithPath: path).standardizedFileURL
        let parent = try Publisher(
            outbox: place.deletingLastPathComponent().path, reserveBytes: Int64(configuration.freeMegabytes * 1e6))
        if let name = SpoolPath(place.lastPathComponent), let result = try parent.result(at: name) {
            publisher = parent
            try add(result, configuration)
            return
        }
        publisher = try Publisher(outbox: place.path, reserveBytes: Int64(configuration.freeMegabytes * 1e6))
        var found: [PublishedResult] = []
        try publisher.forEachResult { found.append($0) }
        guard !found.isEmpty else { throw SpoolError.missing(path: "a result in \(path)") }
        for result in found { try add(result, configuration) }
    }

    private mutating func add(_ result: PublishedResult, _ configuration: Configuration) throws {
        let display = publisher.outbox.display(result.path)
        guard let data = try publisher.metadata(of: result) else {
            throw SpoolError.missing(path: "\(display): metadata")
        }
        let recorded = try ResultMetadata.decoded(data).source.path
        guard let place = SpoolPath(escaped: String(recorded.drop { $0 == "/" })) else {
            problems.append("\(display): its original's path is not one: \(recorded)")
            return
        }
        let root = try Folder("/")
        var candidates = [InputFiles.Item(folder: root, relative: place)]
        // Below the inbox, folders' settings hold and the original may have been archived.
        if let inbox = SpoolPath(String(configuration.inbox.drop { $0 == "/" })), place.isInside(inbox),
            let relative = SpoolPath(bytes: Array(place.bytes.dropFirst(inbox.bytes.count + 1)))
        {
            let folders = [configuration.inbox, configuration.archiveDirectory].compactMap { try? Folder($0) }
            candidates = folders.map { InputFiles.Item(folder: $0, relative: relative) } + candidates
        } else if let folder = try? Folder("/" + place.parent.description) {
            candidates.insert(.init(folder: folder, relative: SpoolPath.root.appending(place.name)), at: 0)
        }
        guard let original = candidates.first(where: { (try? $0.folder.openFile($0.relative)) != nil }) else {
            problems.append("\(display): its original is gone: \(recorded)")
            return
        }
        items.append(Item(result: result, original: original))
    }
}
