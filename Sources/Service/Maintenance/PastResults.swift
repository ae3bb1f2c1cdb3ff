import Files
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
    /// Folders and results that cannot be read, and results whose original is not to be found.
    package private(set) var problems: [String] = []

    /// Finds the results at or below a path.
    package init(_ path: String, configuration: Configuration) throws {
        let place = URL(fileURLWithPath: path).standardizedFileURL
        let parent = try Publisher(
            outbox: place.deletingLastPathComponent().path, reserveBytes: Int64(configuration.freeMegabytes * 1e6))
        if let name = RelativePath(place.lastPathComponent), let result = try parent.result(at: name) {
            publisher = parent
            try add(result, configuration)
            return
        }
        publisher = try Publisher(outbox: place.path, reserveBytes: Int64(configuration.freeMegabytes * 1e6))
        var found: [PublishedResult] = []
        var unreadable: [String] = []
        try publisher.forEachResult(unreadable: { unreadable.append("\($0)") }, { found.append($0) })
        problems += unreadable
        guard !found.isEmpty || !problems.isEmpty else { throw FileError.missing(path: "a result in \(path)") }
        for result in found {
            do {
                try add(result, configuration)
            } catch {
                problems.append("\(error)")
            }
        }
    }

    private mutating func add(_ result: PublishedResult, _ configuration: Configuration) throws {
        let display = publisher.outbox.display(result.path)
        guard let data = try publisher.metadata(of: result) else {
            throw FileError.missing(path: "\(display): metadata")
        }
        guard let source = (try? ResultMetadata.decoded(data))?.source else {
            problems.append("\(display): its metadata is of another version or damaged")
            return
        }
        guard let place = RelativePath(escaped: String(source.path.drop { $0 == "/" })) else {
            problems.append("\(display): its original's path is not one: \(source.path)")
            return
        }
        // The folders whose settings hold, by which the original is found; one of the inbox may have been archived.
        var candidates: [(folder: String, relative: RelativePath)] = []
        if let relative = place.relative(to: configuration.inbox) {
            candidates = [(configuration.inbox, relative), (configuration.archiveDirectory, relative)]
        } else if let root = source.root, let relative = place.relative(to: root) {
            candidates = [(root, relative)]
        }
        candidates.append(("/" + place.parent.description, RelativePath.root.appending(place.name)))
        candidates.append(("/", place))
        let originals = candidates.lazy.compactMap { candidate in
            (try? Folder(candidate.folder)).map { InputFiles.Item(folder: $0, relative: candidate.relative) }
        }
        guard let original = originals.first(where: { (try? $0.folder.openFile($0.relative)) != nil }) else {
            problems.append("\(display): its original is gone: \(source.path)")
            return
        }
        items.append(Item(result: result, original: original))
    }
}

extension RelativePath {
    /// This path from the root of the file system as one below a folder; nil where it lies elsewhere.
    fileprivate func relative(to folder: String) -> RelativePath? {
        guard let folder = RelativePath(String(folder.drop { $0 == "/" })), isInside(folder) else { return nil }
        return RelativePath(bytes: Array(bytes.dropFirst(folder.isRoot ? 0 : folder.bytes.count + 1)))
    }
}
