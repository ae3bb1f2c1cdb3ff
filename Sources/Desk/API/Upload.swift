import Files
import Foundation
import Imaging
import Service
import Spool
import Synchronization

/// A photograph on its way into the inbox: under a hidden name until it is whole.
///
/// Its pieces come one after another.
final class Upload: Sendable {
    /// How the names of photographs that are taken end.
    static let types = InputFormat.nameExtensions.sorted()
    private static let longestName = 200
    private static let signatureBytes = 16

    private let desk: Desk
    private let folder: RelativePath
    private let name: RelativePath
    private let size: Int
    private let parent: Descriptor
    /// Where it lies until it is whole.
    private let holder: Int32
    private let hidden: [UInt8]
    private let file: Descriptor
    private let state = Mutex((written: 0, head: [UInt8](), isDone: false))

    /// Makes room for a photograph; throws `Refusal` where its name or size cannot be.
    init(_ request: Request, bytes: Int, _ desk: Desk) throws {
        guard let text = request.query["name"] else { throw Refusal.badRequest("name is missing.") }
        name = try Self.name(text)
        guard bytes > 0 else { throw Refusal.unprocessable("The file is empty.") }
        guard Double(bytes) <= desk.configuration.maximumMegabytes * 1e6 else { throw Refusal.tooLarge }
        if let id = request.query["folder"] {
            guard let id = DeskID(id) else { throw Refusal.badRequest("folder is no id.") }
            folder = try desk.folder(id)
        } else {
            folder = .root
        }
        parent = try desk.inbox.makeDirectories(folder)
        let free = try parent.freeSpace(desk.inbox.path)
        guard free > Int64(bytes) + desk.spool.reserveBytes else { throw Refusal.noSpace }
        self.desk = desk
        size = bytes
        hidden = Array(HostIdentity.current.name(prefix: Folder.copyPrefix).utf8)
        let shown = desk.inbox.display(folder)
        holder = try desk.inbox.holderOfCopies(for: (parent.raw, name.name), shown)
        file = try Descriptor.open(
            holder, hidden[...], O_RDWR | O_CREAT | O_EXCL, path: shown)
        // A sweep leaves it alone.
        flock(file.raw, LOCK_EX | LOCK_NB)
    }

    deinit {
        if !state.withLock({ $0.isDone }) { _ = hidden[...].withCString { unlinkat(holder, $0, 0) } }
    }

    /// The name that a file may have; what could be more than a name is refused.
    static func name(_ text: String) throws -> RelativePath {
        func refuse(_ reason: String) -> Refusal { .unprocessable("The file's name \(reason).") }
        guard !text.isEmpty, let path = RelativePath(text), path.components.count == 1 else {
            throw refuse("is no name of a file")
        }
        guard text.utf8.count <= longestName else { throw refuse("is too long") }
        // Control characters, and those that reorder or hide text, are escaped where a path is shown.
        guard path.escapedName == text else { throw refuse("holds a character that is not shown") }
        guard !IgnoreRules(excludes: []).ignores(path, isDirectory: false) else {
            throw refuse("is one that the inbox leaves alone")
        }
        guard types.contains(String(decoding: path.suffix.dropFirst(), as: UTF8.self).lowercased()) else {
            throw Refusal(
                .unsupportedMediaType, "unsupported_type",
                "Photographs are named \(types.map { "." + $0 }.joined(separator: ", ")).")
        }
        return path
    }

    func append(_ bytes: some Collection<UInt8>) throws {
        state.withLock { state in
            if state.head.count < Self.signatureBytes {
                state.head += bytes.prefix(Self.signatureBytes - state.head.count)
            }
            state.written += bytes.count
        }
        try file.write(Array(bytes), desk.inbox.display(folder))
    }

    /// Gives the photograph its name, once all of it is there.
    func finish() throws -> Response {
        struct Document: Encodable {
            let name: String
            let path: String
            let bytes: Int
        }
        let (written, head) = state.withLock { ($0.written, $0.head) }
        guard written == size else { throw Refusal.badRequest("The body is not as long as it said.") }
        guard InputFormat(signature: head[...]) != nil else {
            throw Refusal(
                .unsupportedMediaType, "unsupported_type", "It is no photograph: JPEG, PNG, TIFF, WebP, HEIC or AVIF.")
        }
        try file.synchronize(desk.inbox.display(folder))
        let place = try settle()
        state.withLock { $0.isDone = true }
        try parent.synchronize(desk.inbox.display(folder))
        // It is taken, whatever becomes of it from now on.
        if let stamp = (try? desk.inbox.status(place))??.stamp { desk.arrivals.note(place, stamp) }
        return try .json(
            Document(name: place.escapedName, path: place.description, bytes: written), .created)
    }

    /// Renames the file to the first name that is free; nothing is ever replaced.
    private func settle() throws -> RelativePath {
        for number in 1...999 {
            let ending = number == 1 ? "" : "-\(number)"
            let place = folder.appending(Array(name.stem) + ending.utf8 + name.suffix)
            let shown = desk.inbox.display(place)
            do {
                let isNamed = try Folder.renameOrLink((holder, hidden[...]), (parent.raw, place.name), path: shown)
                guard isNamed else { throw FileError.system(operation: "name", path: shown, code: EOPNOTSUPP) }
                return place
            } catch FileError.occupied {
                continue
            }
        }
        throw Refusal.conflict("Too many files of this name lie in the inbox.")
    }
}
