import Foundation

/// The directories of EXIF as bytes: a block of their own, or the end of a TIFF file.
struct ExifDirectories {
    /// An entry of a file's first directory as it is stored, 12 bytes, or 20 in a BigTIFF file.
    struct Entry {
        var tag: UInt16
        var bytes: [UInt8]
    }

    /// The file's own entries: those on its pixels.
    private let own: [Entry]
    private let fields: [ExifField]
    private let isBig: Bool

    private var entryBytes: Int { isBig ? 20 : 12 }
    private var offsetBytes: Int { isBig ? 8 : 4 }

    init(_ fields: [ExifField], over own: [Entry] = [], isBig: Bool = false) {
        self.fields = fields
        self.isBig = isBig
        let replaced = Set(fields.filter { $0.directory == .image }.map(\.tag))
        self.own = own.filter { !replaced.contains($0.tag) }
    }

    /// A whole block, with TIFF's header.
    static func block(_ fields: [ExifField]) -> [UInt8] {
        [0x49, 0x49, 42, 0, 8, 0, 0, 0] + ExifDirectories(fields).bytes(at: 8)
    }

    /// The first directory, which the others follow.
    /// - Parameter start: Where it lies in the block or file, an even place.
    func bytes(at start: Int) -> [UInt8] {
        let (exif, gps) = (entries(.exif), entries(.gps))
        let pointers = (exif.isEmpty ? 0 : 1) + (gps.isEmpty ? 0 : 1)
        var image = entries(.image)
        let exifStart = start + size(image, more: own.count + pointers)
        let gpsStart = exifStart + (exif.isEmpty ? 0 : size(exif, more: 0))
        if !exif.isEmpty { image.append(.long(.image, ExifTag.exifDirectory, exifStart)) }
        if !gps.isEmpty { image.append(.long(.image, ExifTag.gpsDirectory, gpsStart)) }
        var result = directory(image, over: own, at: start)
        if !exif.isEmpty { result += directory(exif, over: [], at: exifStart) }
        if !gps.isEmpty { result += directory(gps, over: [], at: gpsStart) }
        return result
    }

    /// The fields of one directory; of several with one tag the first.
    private func entries(_ directory: ExifField.Directory) -> [ExifField] {
        var seen: Set<UInt16> = []
        return fields.filter { $0.directory == directory && seen.insert($0.tag).inserted }
    }

    private func size(_ fields: [ExifField], more: Int) -> Int {
        let head = (isBig ? 8 : 2) + entryBytes * (fields.count + more) + offsetBytes
        return fields.reduce(head) { $0 + ($1.data.count > offsetBytes ? $1.data.count + $1.data.count % 2 : 0) }
    }

    private func directory(_ fields: [ExifField], over own: [Entry], at start: Int) -> [UInt8] {
        let count = fields.count + own.count
        var place = start + (isBig ? 8 : 2) + entryBytes * count + offsetBytes
        var values: [UInt8] = []
        var all = own
        for field in fields.sorted(by: { $0.tag < $1.tag }) {
            var bytes = little(Int(field.tag), 2) + little(Int(field.type), 2) + little(Int(field.count), offsetBytes)
            if field.data.count <= offsetBytes {
                bytes += field.data + [UInt8](repeating: 0, count: offsetBytes - field.data.count)
            } else {
                bytes += little(place, offsetBytes)
                values += field.data
                if field.data.count % 2 == 1 { values.append(0) }
                place += field.data.count + field.data.count % 2
            }
            all.append(Entry(tag: field.tag, bytes: bytes))
        }
        all.sort { $0.tag < $1.tag }
        return little(count, isBig ? 8 : 2) + all.flatMap(\.bytes) + little(0, offsetBytes) + values
    }

    private func little(_ value: Int, _ count: Int) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
    }
}
