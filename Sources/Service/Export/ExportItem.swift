import Colorization
import Digest
import Files
import Foundation
import Spool

/// A result that is handed over.
struct ExportItem {
    /// One of its pictures.
    struct Picture {
        let file: String
        let sha256: ContentHash
        let isChosen: Bool
        /// The variant's record; nil for a picture that was kept from an earlier result.
        let variant: ResultMetadata.Variant?
    }

    /// The photograph it was made from.
    struct Original {
        let folder: Folder
        let path: RelativePath
    }

    let outbox: Folder
    /// Its place below the path that was named.
    let place: RelativePath
    let metadata: ResultMetadata
    /// The metadata document as it lies in the result, under its name.
    let document: (name: [UInt8], content: Data)
    /// When the result was made.
    let time: Date
    /// What is handed over of its pictures, the chosen one first.
    let pictures: [Picture]
    /// Nil where it is not asked for.
    var original: Original?

    func path(of picture: Picture) -> RelativePath { place.appending(picture.file) }
}

/// The results below some paths, and what is in the way of handing them over.
struct ExportItems {
    private(set) var items: [ExportItem] = []
    private(set) var problems: [String] = []
    /// Results of which nothing is chosen, where only chosen pictures are asked for.
    private(set) var unchosen = 0
    private var known: Set<[UInt8]> = []
    private let onlyChosen: Bool

    /// - Parameter originals: Looked up for each result; nil where they are not handed over.
    init(_ paths: [String], onlyChosen: Bool, originals configuration: Configuration?) {
        self.onlyChosen = onlyChosen
        for path in paths {
            do {
                try add(path, configuration)
            } catch {
                problems.append("\(error)")
            }
        }
        items.sort { $0.place < $1.place }
    }

    private mutating func add(_ path: String, _ configuration: Configuration?) throws {
        let found = try FoundResults(path)
        var originals: [RelativePath: ExportItem.Original] = [:]
        if let configuration {
            let past = try PastResults(found, configuration: configuration)
            problems += past.problems
            for item in past.items {
                originals[item.result.path] = .init(folder: item.original.folder, path: item.original.relative)
            }
        }
        problems += found.forEach { try add($0, in: found.publisher, originals) }
    }

    private mutating func add(
        _ result: PublishedResult, in publisher: Publisher, _ originals: [RelativePath: ExportItem.Original]
    ) throws {
        let outbox = publisher.outbox
        guard known.insert(outbox.absolute(result.path)).inserted else { return }
        let name = ResultName.metadata(of: result.source)
        let display = outbox.display(result.path)
        guard let data = try publisher.metadata(of: result),
            let status = try outbox.status(result.path.appending(name))
        else { throw FileError.missing(path: "\(display): metadata") }
        guard let metadata = try? ResultMetadata.decoded(data) else {
            throw FileError.damaged(path: display, detail: "its metadata is of another version or damaged")
        }
        let pictures = try Self.pictures(of: metadata, chosen: chosen(of: result, in: publisher), display)
        let shown = onlyChosen ? pictures.filter(\.isChosen) : pictures
        guard !shown.isEmpty else {
            unchosen += 1
            return
        }
        items.append(
            ExportItem(
                outbox: outbox, place: result.path, metadata: metadata, document: (name, data),
                time: Date(timeIntervalSince1970: Double(status.stamp.modified) / 1e9), pictures: shown,
                original: originals[result.path]))
    }

    /// What is chosen; a choice that cannot be read keeps from nothing but its own export.
    private func chosen(of result: PublishedResult, in publisher: Publisher) throws -> Choice.Picture? {
        do {
            return try publisher.choice(of: result.path)?.chosen
        } catch SpoolError.choice where !onlyChosen {
            return nil
        }
    }

    private static func pictures(
        of metadata: ResultMetadata, chosen: Choice.Picture?, _ display: String
    ) throws -> [ExportItem.Picture] {
        var pictures = try metadata.variants.map { variant in
            // What lies elsewhere is not of this result, whatever its document says.
            guard let hash = ContentHash(hex: variant.sha256), RelativePath(variant.file)?.components.count == 1 else {
                throw FileError.damaged(path: display, detail: "its metadata names no file '\(variant.file)'")
            }
            return ExportItem.Picture(
                file: variant.file, sha256: hash, isChosen: hash == chosen?.sha256, variant: variant)
        }
        if let chosen, !pictures.contains(where: \.isChosen) {
            pictures.append(.init(file: chosen.file, sha256: chosen.sha256, isChosen: true, variant: nil))
        }
        return pictures.filter(\.isChosen) + pictures.filter { !$0.isChosen }
    }
}
