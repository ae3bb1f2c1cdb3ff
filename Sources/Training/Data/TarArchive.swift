import CArchive
import Foundation

/// The plain files of a tar archive.
struct TarArchive: Sendable {
    /// One file in the archive.
    struct Member: Sendable {
        let name: String
        /// Where its headers begin, in bytes.
        let position: Int
        /// Bytes.
        let size: Int
    }

    let path: String
    let members: [Member]
    /// Why files may be missing at the end; nil where the archive is whole.
    let damage: TrainingError?

    /// Lists the files of an archive as far as it can be read.
    ///
    /// - Throws: `TrainingError.data` if it cannot be opened.
    init(path: String) throws {
        self.path = path
        let reader = try Reader(path, from: 0)
        var members: [Member] = []
        do {
            while let member = try reader.next() { members.append(member) }
            damage = nil
        } catch let error as TrainingError {
            damage = error
        }
        self.members = members
    }

    /// A member's content.
    func content(_ member: Member) throws -> Data {
        let reader = try Reader(path, from: member.position)
        guard try reader.next()?.name == member.name else {
            throw TrainingError.data(path: path, reason: "changed while it was read")
        }
        return try reader.content(size: member.size)
    }
}

/// Reads an archive from one of its files on.
private final class Reader {
    private let path: String
    private let file: FileHandle
    private let archive: OpaquePointer
    private let start: Int
    private let end: Int

    init(_ path: String, from start: Int) throws {
        guard let file = FileHandle(forReadingAtPath: path), let archive = archive_read_new() else {
            throw TrainingError.data(path: path, reason: "cannot be read: \(String(cString: strerror(errno)))")
        }
        (self.path, self.file, self.archive, self.start) = (path, file, archive, start)
        end = lseek(file.fileDescriptor, 0, SEEK_END)
        guard lseek(file.fileDescriptor, start, SEEK_SET) == start,
            archive_read_support_format_tar(archive) == ARCHIVE_OK,
            archive_read_open_fd(archive, file.fileDescriptor, 1 << 16) == ARCHIVE_OK
        else { throw failure() }
    }

    deinit { archive_read_free(archive) }

    /// The next plain file; nil at the end.
    func next() throws -> TarArchive.Member? {
        var entry: OpaquePointer?
        while true {
            let status = archive_read_next_header(archive, &entry)
            if status == ARCHIVE_EOF { return nil }
            // A warning is about what is of no interest here, such as owners.
            guard status >= ARCHIVE_WARN, let entry else { throw failure() }
            guard archive_entry_is_plain_file(entry) != 0 else { continue }
            // What is no UTF-8 comes as it is.
            guard let name = archive_entry_pathname_utf8(entry) ?? archive_entry_pathname(entry) else { continue }
            let position = start + Int(archive_read_header_position(archive))
            let size = Int(archive_entry_size(entry))
            guard size >= 0, size <= end - position - 512 else {
                throw TrainingError.data(path: path, reason: "a tar archive that ends too early")
            }
            return TarArchive.Member(name: String(cString: name), position: position, size: size)
        }
    }

    /// The content of the file that came last.
    func content(size: Int) throws -> Data {
        var data = Data(count: size)
        var filled = 0
        while filled < size {
            let count = data.withUnsafeMutableBytes {
                archive_read_data(archive, $0.baseAddress! + filled, size - filled)
            }
            guard count > 0 else { throw failure() }
            filled += count
        }
        return data
    }

    private func failure() -> TrainingError {
        let reason = archive_error_string(archive).map { String(cString: $0) } ?? "it ends too early"
        return .data(path: path, reason: "not a tar archive, or damaged: \(reason)")
    }
}
