import Colorization
import Files
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
        let found = try FoundResults(
            path, outbox: configuration.outbox, reserveBytes: configuration.reserveBytes)
        try self.init(found, configuration: configuration)
        problems += found.problems
    }

    /// Finds the originals of results; what could not be read of those is not told again.
    init(_ found: FoundResults, configuration: Configuration) throws {
        publisher = found.publisher
        var unremovable: [String] = []
        // What a killed one has left is nobody else's to remove where this is no service's outbox.
        try publisher.sweep { unremovable.append("\($0)") }
        problems += unremovable
        if found.isSingle, let result = found.results.first {
            try add(result, siblings: publisher.results(of: result.source).count, configuration)
            return
        }
        let siblings = Dictionary(found.results.map { ($0.source, 1) }, uniquingKeysWith: +)
        for result in found.results {
            do {
                try add(result, siblings: siblings[result.source] ?? 1, configuration)
            } catch {
                problems.append("\(error)")
            }
        }
    }

    /// - Parameter siblings: How many results there are of the photograph's name, this one among them.
    private mutating func add(_ result: PublishedResult, siblings: Int, _ configuration: Configuration) throws {
        let display = publisher.outbox.display(result.path)
        guard let data = try publisher.metadata(of: result) else {
            throw FileError.missing(path: "\(display): metadata")
        }
        guard let source = (try? ResultMetadata.decoded(data))?.source else {
            problems.append("\(display): its metadata is of another version or damaged")
            return
        }
        guard let place = Self.place(source) else {
            problems.append("\(display): its original's path is not one: \(source.path)")
            return
        }
        guard
            let original = original(
                of: result, at: place, root: source.root, siblings: siblings, configuration)
        else {
            problems.append("\(display): its original is gone: \(source.path)")
            return
        }
        items.append(Item(result: result, original: original))
    }

    /// An original's recorded place, from the root of the file system; the folder's part of it is not escaped.
    private static func place(_ source: ResultMetadata.Source) -> RelativePath? {
        guard let root = source.root, source.path.utf8.starts(with: (root + "/").utf8),
            let rest = String(source.path.utf8.dropFirst(root.utf8.count + 1)),
            let relative = RelativePath(escaped: rest)
        else { return RelativePath(escaped: String(source.path.drop { $0 == "/" })) }
        return RelativePath(String(root.drop { $0 == "/" }))?.appending(relative.bytes)
    }

    /// The file that a result was made from; nil where it is gone.
    private func original(
        of result: PublishedResult, at place: RelativePath, root: String?, siblings: Int, _ configuration: Configuration
    ) -> InputFiles.Item? {
        let content = result.identity.content
        let inbox = SpoolConfiguration.resolved(configuration.inbox)
        let archive = SpoolConfiguration.resolved(configuration.archiveDirectory)
        func items(_ path: String, _ places: [RelativePath]) -> [InputFiles.Item] {
            guard let folder = try? Folder(path) else { return [] }
            // Folders' settings stay in the inbox, whose folders the archive has, too.
            let root = SpoolConfiguration.resolved(path) == archive ? inbox : nil
            return places.filter { (try? folder.openFile($0)) != nil }.map {
                InputFiles.Item(folder: folder, relative: $0, settingsRoot: root, content: content)
            }
        }
        // Settings hold by folder: the original is looked for below the folder where their search began.
        var own: [InputFiles.Item] = []
        var archived: [InputFiles.Item] = []
        var isKept = true
        if let relative = place.relative(to: inbox) ?? place.relative(to: configuration.inbox) {
            isKept = configuration.originals == .keep
            own = items(inbox, [relative])
            archived = items(
                configuration.archiveDirectory, OriginalsKeeper.archivePlaces(of: relative, content: content))
        } else if let root, let relative = place.relative(to: root) {
            own = items(root, [relative])
        }
        if own.isEmpty, let parent = String(validating: place.parent.bytes, as: UTF8.self) {
            own = items("/" + parent, [RelativePath.root.appending(place.name)])
        }
        if own.isEmpty { own = items("/", [place]) }
        // A name may have been used again. With a single file, coloring it will tell.
        let all = own + archived
        if all.count > 1, let same = all.first(where: { (try? $0.folder.openFile($0.relative).hash()) == content }) {
            return same
        }
        // A kept photograph may have been changed since; its new content is the result's only where no other result is.
        if isKept, siblings == 1, var original = own.first {
            original.content = nil
            return original
        }
        return all.first
    }
}

extension RelativePath {
    /// This path from the root of the file system as one below a folder; nil where it lies elsewhere.
    fileprivate func relative(to folder: String) -> RelativePath? {
        guard let folder = RelativePath(String(folder.drop { $0 == "/" })), isInside(folder) else { return nil }
        return RelativePath(bytes: Array(bytes.dropFirst(folder.isRoot ? 0 : folder.bytes.count + 1)))
    }
}
