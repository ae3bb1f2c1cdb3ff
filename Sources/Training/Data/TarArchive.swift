import Foundation

/// The regular files of a tar archive, ustar with GNU's or pax's extensions skipped.
struct TarArchive {
    /// One file in the archive.
    struct Member: Sendable {
        let name: String
        /// Its bytes, counted from the beginning of the archive.
        let bytes: Range<Int>
    }

    let path: String
    let members: [Member]
    private let data: Data

    /// Maps an archive into memory and lists its files.
    ///
    /// - Throws: `TrainingError.data` if it is no tar archive or ends too early.
    init(path: String) throws {
        self.path = path
        do {
            data = try Data(contentsOf: URL(fileURLWithPath: path), options: .alwaysMapped)
        } catch {
            throw TrainingError.data(path: path, reason: "cannot be read: \(error.localizedDescription)")
        }
        var members: [Member] = []
        var position = 0
        while true {
            guard position + 512 <= data.count else {
                throw TrainingError.data(path: path, reason: "a tar archive that ends too early")
            }
            let header = data.subdata(in: position..<position + 512)
            if header.allSatisfy({ $0 == 0 }) { break }
            guard Self.text(header, 257, 5) == "ustar", let size = Int(Self.text(header, 124, 12), radix: 8) else {
                throw TrainingError.data(path: path, reason: "not a tar archive, or damaged at byte \(position)")
            }
            let start = position + 512
            guard size >= 0, size <= data.count - start else {
                throw TrainingError.data(path: path, reason: "a tar archive that ends too early")
            }
            if header[156] == UInt8(ascii: "0") || header[156] == 0 {
                members.append(Member(name: Self.text(header, 0, 100), bytes: start..<start + size))
            }
            position = start + (size + 511) / 512 * 512
        }
        self.members = members
    }

    /// A member's content.
    func content(_ member: Member) -> Data { data.subdata(in: member.bytes) }

    private static func text(_ header: Data, _ start: Int, _ length: Int) -> String {
        let field = header[start..<start + length].prefix { $0 != 0 }
        return String(decoding: field, as: UTF8.self).trimmingCharacters(in: .whitespaces)
    }
}
