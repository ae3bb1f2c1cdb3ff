import Digest
import Files
import Foundation

extension Publisher {
    /// Bytes of metadata that are read at most.
    static let metadataLimit = 16 << 20

    /// The result that lies in a folder of the outbox; nil where there is none.
    ///
    /// - Throws: The error of a result that cannot be read just now.
    package func result(at path: RelativePath) throws -> PublishedResult? {
        guard try outbox.status(path)?.kind == .directory else { return nil }
        return try result(in: outbox.directory(path), at: path, outbox.display(path))?.result
    }

    /// The result in an open folder, and its metadata; nil where there is none.
    func result(
        in directory: Descriptor, at path: RelativePath, _ display: String
    ) throws -> (result: PublishedResult, metadata: Data)? {
        for name in try Folder.names(in: directory, display) where name.ends(with: ".json") {
            guard let data = try document(name, in: directory, display + "/" + RelativePath.escape(name[...])),
                let result = PublishedResult(path: path, metadata: data),
                ResultName.metadata(of: result.source) == name
            else { continue }
            return (result, data)
        }
        return nil
    }

    /// The content of a file that may be a result's metadata; nil where it certainly is not.
    private func document(_ name: [UInt8], in directory: Descriptor, _ display: String) throws -> Data? {
        do {
            return try Descriptor.file(directory.raw, name[...], path: display)
                .content(limit: Self.metadataLimit, display)
        } catch let error as FileError where error.isGone {
            return nil
        } catch FileError.damaged, FileError.refused {
            return nil
        }
    }

    /// A source's result of a content, of any model and settings; nil where there is none that can be read.
    ///
    /// - Parameter previous: Where the source's last result lies, as far as known.
    package func result(
        of source: RelativePath, content: ContentHash, previous: RelativePath? = nil
    ) -> PublishedResult? {
        let places = (previous.map { [$0] } ?? []) + ResultName.places(of: source, content: content)
        return places.lazy.compactMap { try? self.result(at: $0) }.first {
            $0.source == source && $0.identity.content == content
        }
    }

    /// The result at the place that a source's name calls for, of any content; nil where there is none that can be read.
    package func namesake(of source: RelativePath) -> PublishedResult? {
        try? result(at: source.parent.appending(ResultName.stem(of: source)))
    }

    /// A source's results, of any content.
    package func results(of source: RelativePath) throws -> [PublishedResult] {
        let stem = ResultName.stem(of: source)
        let directory = try outbox.directory(source.parent)
        return try Folder.names(in: directory, outbox.display(source.parent)).filter { $0.starts(with: stem) }
            .compactMap { try result(at: source.parent.appending($0)) }.filter { $0.source == source }
    }

    /// The metadata document of a result; nil where it is gone.
    package func metadata(of result: PublishedResult) throws -> Data? {
        let path = result.path.appending(ResultName.metadata(of: result.source))
        do {
            return try outbox.file(path).content(limit: Self.metadataLimit, outbox.display(path))
        } catch FileError.missing {
            return nil
        }
    }

    /// Calls a function for every result in the outbox.
    ///
    /// - Parameter unreadable: Gets the error of each folder and result that cannot be read; all others are found.
    package func forEachResult(
        unreadable: (any Error) -> Void, _ body: (PublishedResult) throws -> Void
    ) throws {
        try outbox.forEachFolder(unreadable: unreadable) { path, _, folders in
            var found: PublishedResult?
            do {
                if !path.isRoot { found = try result(at: path) }
            } catch {
                unreadable(error)
            }
            if let found { try body(found) }
            return folders
        }
    }
}

extension Staging {
    /// The result that was put together here, by its metadata; nil where that is missing.
    func result(of source: RelativePath) throws -> PublishedResult? {
        let name = ResultName.metadata(of: source)
        let shown = path + "/" + RelativePath.escape(name[...])
        let file = try Descriptor.open(directory.raw, name[...], O_RDONLY, path: shown)
        return PublishedResult(
            path: source.parent, metadata: try file.content(limit: Publisher.metadataLimit, shown))
    }
}

extension [UInt8] {
    func ends(with ending: String) -> Bool {
        suffix(ending.utf8.count).elementsEqual(ending.utf8)
    }
}
