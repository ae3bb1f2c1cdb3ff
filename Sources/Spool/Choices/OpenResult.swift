import Digest
import Files
import Foundation

/// A result by its open folder, which its name may leave for a newer one.
struct OpenResult {
    let result: PublishedResult
    let variants: [ResultVariant]
    let directory: Descriptor
    /// The folder's path, for messages.
    let display: String

    /// Bytes that are copied at once.
    private static let piece = 1 << 20
    /// Begins the names of pictures that were kept from earlier results.
    static let keptPrefix = "kept-"
    /// Begins the names of documents that had the choice's name and were none.
    static let damagedPrefix = "chosen-damaged-"
    private static let temporaryPrefix = Folder.hiddenPrefix + "choice-"

    /// The name of the choice's document; a photograph of the name `chosen` has its metadata under the usual one.
    var choiceName: [UInt8] { ResultName.choice(of: result.source) }

    /// The document's path, for messages.
    var choiceDisplay: String { display + "/" + RelativePath.escape(choiceName[...]) }

    /// The choice's document as it is; nil where there is none.
    ///
    /// - Throws: `SpoolError.choice` where it is no plain file or too large.
    func choiceData() throws -> Data? {
        do {
            return try Descriptor.file(directory.raw, choiceName[...], path: choiceDisplay)
                .content(limit: Choice.limit, choiceDisplay)
        } catch FileError.missing {
            return nil
        } catch FileError.damaged {
            throw refusal("it is larger than \(Choice.limit >> 10) KiB")
        } catch FileError.refused {
            throw refusal("it is no plain file")
        }
    }

    /// The choice; nil where none was ever made.
    ///
    /// - Throws: `SpoolError.choice` where its document is not as it was written, or of a picture that is not there.
    func choice() throws -> Choice? {
        guard let data = try choiceData() else { return nil }
        let choice = try Choice(data, file: choiceDisplay)
        guard let chosen = choice.chosen else { return choice }
        try check(chosen)
        guard try Folder.status(in: directory.raw, chosen.name[...], display)?.kind == .file else {
            throw refusal("its picture \(chosen.file) is not there")
        }
        return choice
    }

    /// Throws where a picture is not the variant that its choice says.
    func check(_ picture: Choice.Picture) throws {
        guard let number = picture.variant else { return }
        guard let variant = variants.first(where: { $0.number == number }) else {
            throw refusal("it names variant \(number), and there are \(variants.count)")
        }
        guard variant.picture(time: picture.time, note: picture.note) == picture else {
            throw refusal("variant \(number) is another draw or file than it says")
        }
    }

    /// The error of a choice that makes no sense here.
    func refusal(_ reason: String) -> SpoolError { .choice(file: choiceDisplay, reason: reason) }

    /// Writes a document of the choice's name or another: whole or not at all, and durable.
    func write(_ data: Data, as name: [UInt8]) throws {
        try write(as: name) { try $0.write(data, display) }
    }

    /// Copies a file of another result here, and returns its content's hash.
    func copy(_ file: Descriptor, as name: [UInt8]) throws -> ContentHash {
        var hasher = StreamHasher()
        try write(as: name) { target in
            var buffer = [UInt8](repeating: 0, count: Self.piece)
            var offset: off_t = 0
            while true {
                let count = buffer.withUnsafeMutableBytes { pread(file.raw, $0.baseAddress, $0.count, offset) }
                if count < 0 {
                    if errno == EINTR { continue }
                    throw FileError.last("read", display)
                }
                if count == 0 { break }
                try buffer.withUnsafeBytes { bytes in
                    let part = UnsafeRawBufferPointer(rebasing: bytes[..<count])
                    hasher.update(part)
                    try target.write(part, display)
                }
                offset += off_t(count)
            }
        }
        return hasher.finish()
    }

    private func write(as name: [UInt8], _ fill: (Descriptor) throws -> Void) throws {
        let hidden = HostIdentity.current.name(prefix: Self.temporaryPrefix)
        try Folder.replace(name[...], in: directory, by: hidden, path: display, fill: fill)
    }

    /// Removes a file; nothing happens where there is none.
    func remove(_ name: [UInt8]) throws {
        guard name[...].withCString({ unlinkat(directory.raw, $0, 0) }) == 0 || errno == ENOENT else {
            throw FileError.last("remove", display)
        }
    }

    /// Puts what has the choice's name and is none aside, and returns the name that it has now.
    func setAside() throws -> String {
        let data = try? choiceData()
        let tag = data.map { ContentHash(of: $0).short } ?? String(UInt32.random(in: 0...UInt32.max), radix: 16)
        let name = Self.damagedPrefix + tag + ".json"
        try Folder.renamePlainly(
            (directory.raw, choiceName[...]), (directory.raw, Array(name.utf8)[...]), path: choiceDisplay)
        return name
    }

    /// The names of the files that choices have left here, but for the choice's own.
    func leftovers() throws -> [[UInt8]] {
        let metadata = ResultName.metadata(of: result.source)
        return try Folder.names(in: directory, display).filter { name in
            name != metadata && name != choiceName
                && [Self.keptPrefix, Self.damagedPrefix].contains { name.starts(with: $0.utf8) }
        }
    }

    /// Removes what writers left that were killed; the folder's lock must be held.
    func sweep() throws {
        for name in try Folder.names(in: directory, display) where name.starts(with: Self.temporaryPrefix.utf8) {
            try remove(name)
        }
    }
}
