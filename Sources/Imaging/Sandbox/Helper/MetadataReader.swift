import Foundation

/// Reads a stranger's metadata and makes them ready for the variants; for a locked-down process only.
struct MetadataReader {
    /// Largest value of one field.
    private static let mostInField = 32 << 10

    /// What the decoder of a file's pixels says of it.
    struct Facts {
        var orientation = Orientation.upright
        var hasExif = false
        /// PNG's own texts by keyword.
        var texts: [String: String] = [:]
    }

    private let record: ExivRecord
    private let request: MetadataRequest
    private let orientation: Orientation
    private var metadata = OriginalMetadata()

    /// Reads a whole file.
    /// - Parameters:
    ///   - facts: What the decoder says of the file.
    /// - Throws: `ExivRecord.Failure` where no metadata can be read.
    static func read(_ file: UnsafeRawBufferPointer, _ facts: Facts, for request: MetadataRequest) throws
        -> OriginalMetadata
    {
        let record = try ExivRecord()
        try record.read(file)
        var reader = MetadataReader(record, request, facts.orientation)
        reader.warn(facts)
        if ExivRecord.holdsC2PA(file) { reader.drop("C2PA") }
        try reader.readExif()
        try reader.readIPTC()
        var packet = PacketEditor(record, isTurned: reader.isTurned)
        try packet.addTexts(facts.texts, comment: record.comment)
        try packet.clean()
        reader.metadata.properties = packet.propertyCount
        reader.metadata.sentence = try packet.disclose(request.disclosure, reader.taken)
        reader.metadata.xmp = try packet.fitted(OriginalMetadata.mostXMP(request.format))
        for name in packet.dropped { reader.drop(name) }
        return reader.metadata
    }

    private init(_ record: ExivRecord, _ request: MetadataRequest, _ orientation: Orientation) {
        (self.record, self.request, self.orientation) = (record, request, orientation)
    }

    /// Tells the user what cannot be read.
    private mutating func warn(_ facts: Facts) {
        if record.hasBrokenXMP { metadata.warnings.append("the XMP cannot be read, and is left out") }
        if facts.hasExif, !record.hasExif { metadata.warnings.append("the EXIF cannot be read, and is left out") }
        if metadata.warnings.isEmpty, let complaint = record.complaint {
            metadata.warnings.append("parts of the metadata cannot be read: \(complaint)")
        }
    }

    private var isTurned: Bool { orientation != .upright }

    private mutating func drop(_ name: String) {
        if metadata.dropped.count < OriginalMetadata.mostDropped, !metadata.dropped.contains(name) {
            metadata.dropped.append(name)
        }
    }

    /// Whether the original has a text of its own in the places of EXIF and IPTC.
    private var taken: (description: Bool, instructions: Bool) {
        let hasText = metadata.exif.contains { field in
            field.directory == .image && field.tag == ExifTag.description && field.data.contains { $0 > 32 }
        }
        func has(_ number: UInt8) -> Bool { metadata.iptc.contains { $0.record == 2 && $0.number == number } }
        return (hasText || has(120), has(40))
    }

    // MARK: EXIF

    private mutating func readExif() throws {
        for field in try record.fields() {
            guard let directory = Self.directory(field.group) else {
                drop(field.group == "Thumbnail" ? "the thumbnail" : "Exif.\(field.group)")
                continue
            }
            switch MetadataRules.verdict(directory, field.tag, isTurned: isTurned) {
            case .replace: continue
            case .drop: drop(field.key)
            case .keep: keep(field, directory)
            }
        }
        // A file has room for so much; the largest values are the least likely to be read.
        while size > OriginalMetadata.mostInSegment - 2000,
            let largest = metadata.exif.indices.max(by: { metadata.exif[$0].data.count < metadata.exif[$1].data.count })
        {
            drop(String(format: "EXIF 0x%04x (too large)", metadata.exif.remove(at: largest).tag))
        }
    }

    private var size: Int { metadata.exif.reduce(0) { $0 + $1.storedBytes } }

    private mutating func keep(_ field: ExivRecord.Field, _ directory: ExifField.Directory) {
        // Above TIFF's own types are Exiv2's for comments.
        let type = field.type > 255 ? 7 : field.type
        guard let unit = ExifField.size(ofType: Int(type)), field.data.count >= unit, field.data.count % unit == 0
        else {
            return drop(field.key)
        }
        guard field.data.count <= Self.mostInField else { return drop(field.key + " (too large)") }
        metadata.exif.append(
            ExifField(
                directory: directory, tag: turned(field.tag), type: UInt16(type),
                count: UInt32(field.data.count / unit), data: field.data))
    }

    /// The tag of a resolution along the other side where rows have become columns.
    private func turned(_ tag: UInt16) -> UInt16 {
        guard orientation.swapsSides else { return tag }
        return switch tag {
        case ExifTag.resolutionX: ExifTag.resolutionY
        case ExifTag.resolutionY: ExifTag.resolutionX
        case 0xA20E: 0xA20F
        case 0xA20F: 0xA20E
        default: tag
        }
    }

    private static func directory(_ group: String) -> ExifField.Directory? {
        switch group {
        case "Image": .image
        case "Photo": .exif
        case "GPSInfo": .gps
        default: nil
        }
    }

    // MARK: IPTC

    private mutating func readIPTC() throws {
        let all = try record.dataSets()
        guard !all.isEmpty else { return }
        var size = 0
        for var set in all {
            let name = "IPTC \(set.record):\(set.number)"
            guard MetadataRules.keeps(set), set.data.count <= IPTCDataSet.longest else {
                drop(name)
                continue
            }
            if set.record == 1, set.number == 90 { continue }
            if set.record == 2, !MetadataRules.binarySets.contains(set.number) { set.data = Self.utf8(set.data) }
            size += set.storedBytes
            guard size <= OriginalMetadata.mostInSegment - 3000 else {
                drop(name + " (too large)")
                continue
            }
            metadata.iptc.append(set)
        }
        if !request.format.keepsIPTC { try moveIPTC() }
    }

    /// Gives XMP what it has a property for, where the format has no place for the rest.
    private mutating func moveIPTC() throws {
        try record.replace(metadata.iptc + [.isUTF8])
        try record.addPropertiesOfIPTC()
        func text(_ number: UInt8) -> String? {
            metadata.iptc.first { $0.record == 2 && $0.number == number }.map {
                String(decoding: $0.data, as: UTF8.self)
            }
        }
        let dates: [(day: UInt8, time: UInt8, key: String)] = [
            (55, 60, "Xmp.photoshop.DateCreated"), (62, 63, "Xmp.xmp.CreateDate"),
        ]
        for (day, time, key) in dates where record[key] == nil {
            if let moment = text(day).flatMap({ CaptureDates.iso(day: $0, time: text(time)) }) {
                try record.set(key, moment)
            }
        }
        let values = record.keys.compactMap { record[$0] }
        var carried: [IPTCDataSet] = []
        for set in metadata.iptc {
            if Self.isIn(values, set) { carried.append(set) } else { drop("IPTC \(set.record):\(set.number)") }
        }
        metadata.iptc = carried
    }

    /// Whether values of XMP say what a data set says: a property that the photograph has filled itself may not.
    private static func isIn(_ values: [String], _ set: IPTCDataSet) -> Bool {
        guard set.record == 2, MetadataRules.setsInXMP.contains(set.number) else { return false }
        if MetadataRules.setsOfOtherForm.contains(set.number) { return true }
        let text = String(decoding: set.data, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
        return values.contains { $0.contains(text) }
    }

    /// A text that may be in Windows' Latin alphabet, which is what one that is no UTF-8 mostly is.
    private static func utf8(_ data: Data) -> Data {
        if String(validating: data, as: UTF8.self) != nil { return data }
        return String(data: data, encoding: .windowsCP1252).map { Data($0.utf8) }
            ?? Data(data.map { Character(Unicode.Scalar($0)) }.map(String.init).joined().utf8)
    }
}
