import Files
import Foundation
import Spool

/// The results that a path names: the one that lies there, or all below it.
package struct FoundResults: Sendable {
    package let publisher: Publisher
    package private(set) var results: [PublishedResult] = []
    /// Folders and results that cannot be read.
    package private(set) var problems: [String] = []
    /// Whether the path is a result's own.
    package let isSingle: Bool

    /// - Parameter outbox: A service's; a result that lies in it is put together there, where the service sweeps.
    /// - Throws: Where nothing is found.
    package init(_ path: String, outbox: String? = nil, reserveBytes: Int64 = 0) throws {
        let place = URL(fileURLWithPath: path).standardizedFileURL
        if let outbox, let inside = Self.relative(place.path, to: outbox),
            let publisher = try? Publisher(outbox: SpoolConfiguration.resolved(outbox), reserveBytes: reserveBytes),
            let result = try publisher.result(at: inside)
        {
            self.publisher = publisher
            results = [result]
            isSingle = true
            return
        }
        let parent = try Publisher(outbox: place.deletingLastPathComponent().path, reserveBytes: reserveBytes)
        if let name = RelativePath(place.lastPathComponent), !name.isRoot, let result = try parent.result(at: name) {
            publisher = parent
            results = [result]
            isSingle = true
            return
        }
        publisher = try Publisher(outbox: place.path, reserveBytes: reserveBytes)
        isSingle = false
        var (found, unreadable): ([PublishedResult], [String]) = ([], [])
        try publisher.forEachResult(unreadable: { unreadable.append("\($0)") }, { found.append($0) })
        (results, problems) = (found, unreadable)
        guard !results.isEmpty || !problems.isEmpty else { throw FileError.empty(path: path, of: "result") }
    }

    /// Calls a function for each result; returns what cannot be read, and what it throws.
    package func forEach(_ body: (PublishedResult) throws -> Void) -> [String] {
        problems
            + results.compactMap { result in
                do {
                    try body(result)
                    return nil
                } catch {
                    return "\(error)"
                }
            }
    }

    /// Calls a function for each result at or below some paths; returns what cannot be read, and what it throws.
    package static func forEach(
        at paths: [String], _ body: (PublishedResult, Publisher) throws -> Void
    ) -> [String] {
        paths.flatMap { path in
            do {
                let found = try FoundResults(path)
                return found.forEach { try body($0, found.publisher) }
            } catch {
                return ["\(error)"]
            }
        }
    }

    /// A path as one below a folder; nil where it lies elsewhere.
    private static func relative(_ path: String, to folder: String) -> RelativePath? {
        let (place, root) = (SpoolConfiguration.resolved(path), SpoolConfiguration.resolved(folder))
        return place.hasPrefix(root + "/") ? RelativePath(String(place.dropFirst(root.count + 1))) : nil
    }
}
