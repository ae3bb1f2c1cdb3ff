import Digest
import Files
import Foundation
import Synchronization

/// The files that failed for good, each beside a JSON document that says why and, where it has one, its sidecar.
package final class FailedStore: Sendable {
    /// Why a file is here.
    package struct Report: Codable, Equatable, Sendable {
        /// The file's place in the inbox.
        package let path: RelativePath
        package let reason: String
        package let time: Date
        package let attempts: Int
        package let sha256: ContentHash?

        package init(path: RelativePath, reason: String, time: Date, attempts: Int, sha256: ContentHash?) {
            self.path = path
            self.reason = reason
            self.time = time
            self.attempts = attempts
            self.sha256 = sha256
        }
    }

    /// A file here and its report.
    package struct Entry: Equatable, Sendable {
        /// Its path in the folder of failed files.
        package let location: RelativePath
        package let report: Report
    }

    package let folder: Folder
    private let inbox: Folder
    /// Deciding on a name and taking it is one step.
    private let naming = Mutex(())
    private static let reportLimit = 1 << 20

    /// A store for a configuration whose folders `prepare()` has made.
    package init(configuration: SpoolConfiguration) throws {
        folder = try Folder(configuration.failed)
        inbox = try Folder(configuration.inbox)
    }

    /// Moves a file here out of the inbox, its report first, and returns where it lies.
    ///
    /// Throws `changed` or `missing` where the file is no longer the one that failed.
    ///
    /// - Parameter progress: Called again and again during a copy; what it throws gives the copy up.
    package func store(
        _ report: Report, stamp: FileStamp, progress: () throws -> Void = {}
    ) throws -> RelativePath {
        try naming.withLock { _ in
            guard try inbox.has(stamp, at: report.path) else {
                throw FileError.changed(path: inbox.display(report.path))
            }
            let tag = report.sha256?.short ?? String(stamp.inode, radix: 16)
            let place = try freePlace(for: report.path, tag: tag)
            try write(report, for: place)
            do {
                let sidecar = try? inbox.ownSidecar(of: report.path)
                let location = try inbox.move(
                    report.path, stamp, to: folder, as: place, tag: tag, progress: progress)
                // The file is safe: a sidecar that stays behind is no reason to say otherwise.
                try? inbox.moveSidecar(sidecar, of: report.path, to: folder, as: location, tag: tag)
                if location != place {
                    try write(report, for: location)
                    try remove(Self.reportPath(place))
                }
                return location
            } catch {
                // A sync may have failed after the file was moved: then the reason stays beside it.
                if !exists(place) { try? remove(Self.reportPath(place)) }
                throw error
            }
        }
    }

    /// Moves a file and its sidecar back to their place in the inbox; throws `occupied` where another file has its name.
    package func retry(_ entry: Entry) throws {
        try naming.withLock { _ in
            guard let status = try folder.status(entry.location), status.kind == .file else {
                throw FileError.missing(path: folder.display(entry.location))
            }
            if try inbox.status(entry.report.path) != nil {
                throw FileError.occupied(path: inbox.display(entry.report.path))
            }
            // It comes first, so that its file is never seen without it; one that was written since holds instead.
            if (try? inbox.hasFile(entry.report.path.sidecar)) == false {
                let sidecar = try folder.ownSidecar(of: entry.location)
                try folder.moveSidecar(sidecar, of: entry.location, to: inbox, as: entry.report.path, tag: "retried")
            }
            _ = try folder.move(entry.location, status.stamp, to: inbox, as: entry.report.path, tag: "retried")
            try remove(Self.reportPath(entry.location))
            folder.removeEmpty(entry.location.parent)
        }
    }

    /// The files that came from a path of the inbox, or from any.
    package func entries(from path: RelativePath? = nil) throws -> [Entry] {
        var found: [Entry] = []
        var pending = [path?.parent ?? .root]
        while let current = pending.popLast() {
            guard try folder.status(current)?.kind == .directory || current.isRoot else { continue }
            let directory = try folder.directory(current)
            for name in try Folder.names(in: directory, folder.display(current)) {
                let child = current.appending(name)
                let status = try Folder.status(in: directory.raw, name[...], folder.display(child))
                if status?.kind == .directory {
                    if path == nil { pending.append(child) }
                } else if name.ends(with: ".json"), let entry = entry(reportedBy: child),
                    path == nil || entry.report.path == path
                {
                    found.append(entry)
                }
            }
        }
        return found.sorted { $0.location < $1.location }
    }

    private func entry(reportedBy path: RelativePath) -> Entry? {
        guard let report = report(at: path) else { return nil }
        let location = path.parent.appending(path.stem)
        return exists(location) ? Entry(location: location, report: report) : nil
    }

    private func exists(_ path: RelativePath) -> Bool {
        (try? folder.status(path)) != nil
    }

    /// A name that neither a file nor another file's report or sidecar has.
    private func freePlace(for path: RelativePath, tag: String) throws -> RelativePath {
        let numbered = (2...99).map { "-\(tag)-\($0)" }
        for ending in ["", "-" + tag] + numbered {
            let place = path.parent.appending(path.stem.prefix(200) + ending.utf8 + path.suffix.prefix(40))
            let isOwn = report(at: Self.reportPath(place))?.path == path
            if !exists(place), !exists(place.sidecar), isOwn || !exists(Self.reportPath(place)) { return place }
        }
        throw FileError.occupied(path: folder.display(path))
    }

    private func report(at path: RelativePath) -> Report? {
        guard let file = try? folder.file(path),
            let data = try? file.content(limit: Self.reportLimit, folder.display(path))
        else { return nil }
        return try? Self.decoder.decode(Report.self, from: data)
    }

    private func write(_ report: Report, for place: RelativePath) throws {
        let path = Self.reportPath(place)
        _ = try folder.makeDirectories(path.parent)
        // Half a report would be nobody's, and its name lost to the file.
        try folder.replace(path, with: Self.encoder.encode(report) + Data("\n".utf8))
    }

    private func remove(_ path: RelativePath) throws {
        let parent = try folder.directory(path.parent)
        guard path.name.withCString({ unlinkat(parent.raw, $0, 0) }) == 0 else {
            throw FileError.last("remove", folder.display(path))
        }
    }

    private static func reportPath(_ place: RelativePath) -> RelativePath {
        place.parent.appending(place.name + ".json".utf8)
    }

    private static var encoder: JSONEncoder {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        encoder.dateEncodingStrategy = .iso8601
        return encoder
    }

    private static var decoder: JSONDecoder {
        let decoder = JSONDecoder()
        decoder.dateDecodingStrategy = .iso8601
        return decoder
    }
}
