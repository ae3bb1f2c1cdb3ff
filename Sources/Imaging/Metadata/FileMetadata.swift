import Foundation

/// Everything that a written file says besides its pixels.
struct FileMetadata {
    var exif: [ExifField]
    var iptc: [IPTCDataSet]
    /// The XMP packet.
    var xmp: String

    /// The disclosure and dates alone.
    init(_ disclosure: Disclosure, dates: CaptureDates = CaptureDates()) {
        exif = [
            .text(.image, ExifTag.software, disclosure.tool), .text(.image, ExifTag.description, disclosure.caption),
        ]
        if let date = dates.modified { exif.append(.text(.image, ExifTag.modified, date)) }
        if let date = dates.original { exif.append(.text(.exif, ExifTag.original, date)) }
        if let date = dates.digitized { exif.append(.text(.exif, ExifTag.digitized, date)) }
        iptc = [
            .isUTF8, .version, .text(65, disclosure.tool, longest: 32), .text(120, disclosure.caption, longest: 2000),
        ]
        xmp = disclosure.xmp(dates: dates)
    }

    /// An original's metadata with the disclosure of one variant added; dates alone where there are none.
    init(_ original: OriginalMetadata?, _ disclosure: Disclosure, dates: CaptureDates) {
        self.init(disclosure, dates: dates)
        guard let original, original.isReadable else { return }
        (exif, iptc) = (original.exif, original.iptc)
        xmp = disclosure.filled(original.xmp)
        addExif(.text(.image, ExifTag.software, disclosure.tool))
        for set in [IPTCDataSet.isUTF8, .version, .text(65, disclosure.tool, longest: 32)] { addIPTC(set) }
        switch original.sentence {
        case .description:
            addExif(.text(.image, ExifTag.description, disclosure.caption))
            addIPTC(.text(120, disclosure.caption, longest: 2000))
        case .instructions: addIPTC(.text(40, disclosure.caption, longest: 256))
        case .history: break
        }
    }

    /// Adds what each file must say of its own pixels, which are sRGB and upright.
    mutating func complete(width: Int, height: Int, pixelsPerInch: Double, format: OutputFormat) {
        let resolution: Set = [ExifTag.resolutionX, ExifTag.resolutionY, ExifTag.resolutionUnit]
        let has = exif.filter { $0.directory == .image && resolution.contains($0.tag) }.count
        if has < resolution.count {
            exif.removeAll { $0.directory == .image && resolution.contains($0.tag) }
            exif += [
                .fraction(.image, ExifTag.resolutionX, pixelsPerInch),
                .fraction(.image, ExifTag.resolutionY, pixelsPerInch), .short(.image, ExifTag.resolutionUnit, 2),
            ]
        }
        addExif(.undefined(.exif, ExifTag.version, Array("0232".utf8)))
        addExif(.undefined(.exif, ExifTag.flashpix, Array("0100".utf8)))
        exif += [
            .short(.image, ExifTag.orientation, Orientation.upright.rawValue), .short(.exif, ExifTag.colorSpace, 1),
        ]
        // TIFF has the sides elsewhere.
        if format != .tiff { exif += [.long(.exif, ExifTag.width, width), .long(.exif, ExifTag.height, height)] }
        if format == .jpeg {
            exif.append(.short(.image, ExifTag.positioning, 1))
            exif.append(.undefined(.exif, ExifTag.components, [1, 2, 3, 0]))
        }
    }

    private mutating func addExif(_ field: ExifField) {
        if !exif.contains(where: { ($0.directory, $0.tag) == (field.directory, field.tag) }) { exif.append(field) }
    }

    private mutating func addIPTC(_ set: IPTCDataSet) {
        if !iptc.contains(where: { ($0.record, $0.number) == (set.record, set.number) }) { iptc.append(set) }
    }
}
