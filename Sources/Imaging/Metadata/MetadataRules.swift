/// What is not true of a coloured copy, and so is not carried; `docs/metadata.md` tells users the same.
enum MetadataRules {
    // MARK: EXIF

    /// Tags of the first directory that say how pixels are stored, or where other parts of the file lie.
    private static let pixels: Set<UInt16> = [
        0x00FE, 0x00FF, 0x0100, 0x0101, 0x0102, 0x0103, 0x0106, 0x0107, 0x0108, 0x0109, 0x010A, 0x0111, 0x0115, 0x0116,
        0x0117, 0x0118, 0x0119, 0x011C, 0x0120, 0x0121, 0x0122, 0x0123, 0x0124, 0x0125, 0x013D, 0x0140, 0x0141, 0x0142,
        0x0143, 0x0144, 0x0145, 0x014A, 0x014C, 0x014D, 0x014E, 0x0150, 0x0152, 0x0153, 0x0154, 0x0155, 0x0156, 0x015A,
        0x015B, 0x0200, 0x0201, 0x0202, 0x0203, 0x0205, 0x0206, 0x0207, 0x0208, 0x0209, ExifTag.xmp, ExifTag.iptc,
        0x8649, ExifTag.exifDirectory, 0x8773, ExifTag.gpsDirectory, 0x935C,
    ]
    /// Tags of the first directory on colours and orientation.
    private static let colors: Set<UInt16> = [
        ExifTag.orientation, 0x012D, 0x013E, 0x013F, 0x0211, 0x0212, ExifTag.positioning, 0x0214,
    ]
    /// Padding, and the offsets that Windows keeps.
    private static let padding: Set<UInt16> = [0xEA1C, 0xEA1D]
    /// Tags of EXIF's own directory that the new file has anew.
    private static let replaced: Set<UInt16> = [
        ExifTag.components, 0x9102, ExifTag.colorSpace, ExifTag.width, ExifTag.height, 0xA005, 0xA500,
    ]
    /// Places within the picture as it was stored.
    private static let places: Set<UInt16> = [0x9214, 0xA214]

    /// Whether a field would change how a file's pixels are read.
    static func describesPixels(_ field: ExifField) -> Bool {
        switch field.directory {
        case .image: pixels.contains(field.tag)
        case .exif: field.tag == 0xA005
        case .gps: false
        }
    }

    /// The treatment of a field.
    enum Verdict {
        case keep
        /// The new file says it anew, or it is about how the old one was stored.
        case replace
        /// What is lost is named to the user.
        case drop
    }

    /// - Parameter isTurned: Whether the stored picture was not upright.
    static func verdict(_ directory: ExifField.Directory, _ tag: UInt16, isTurned: Bool) -> Verdict {
        switch directory {
        case .image:
            // Photoshop's resources and layers, printers' notes, and what only a raw file has.
            if [0x8649, 0x935C, 0xC4A5].contains(tag) || (0xC612...0xCD49).contains(tag) { return .drop }
            return pixels.contains(tag) || colors.contains(tag) || padding.contains(tag) ? .replace : .keep
        case .exif:
            if tag == ExifTag.makerNote || isTurned && places.contains(tag) { return .drop }
            return replaced.contains(tag) || padding.contains(tag) ? .replace : .keep
        case .gps: return .keep
        }
    }

    // MARK: XMP

    /// Properties of which the new file has others, or none: pixels, colours, copies of EXIF's own fields.
    static let replacedProperties = [
        "tiff.ImageWidth", "tiff.ImageLength", "tiff.BitsPerSample", "tiff.Compression",
        "tiff.PhotometricInterpretation", "tiff.Orientation", "tiff.SamplesPerPixel", "tiff.PlanarConfiguration",
        "tiff.YCbCrSubSampling", "tiff.YCbCrPositioning", "tiff.YCbCrCoefficients", "tiff.TransferFunction",
        "tiff.WhitePoint", "tiff.PrimaryChromaticities", "tiff.ReferenceBlackWhite", "tiff.XResolution",
        "tiff.YResolution", "tiff.ResolutionUnit", "tiff.NativeDigest", "exif.NativeDigest", "exif.ColorSpace",
        "exif.PixelXDimension", "exif.PixelYDimension", "exif.ComponentsConfiguration", "exif.CompressedBitsPerPixel",
        "exif.Gamma", "photoshop.ICCProfile", "photoshop.ColorMode", "photoshop.LegacyIPTCDigest",
    ]
    /// Properties that are lost, which the user is told: pictures, and what points at other parts of the old file.
    static let droppedProperties = [
        "xmp.Thumbnails", "exif.MakerNote", "dcterms.provenance", "xmpNote.HasExtendedXMP", "GCamera.MicroVideo",
        "GCamera.MicroVideoVersion",
        "GCamera.MicroVideoOffset", "GCamera.MicroVideoPresentationTimestampUs", "GCamera.MotionPhoto",
        "GCamera.MotionPhotoVersion", "GCamera.MotionPhotoPresentationTimestampUs",
    ]
    /// Namespaces of the same kind.
    static let droppedNamespaces: Set = [
        "GContainer", "Container", "GContainerItem", "Item", "GDepth", "GImage", "GAudio", "hdrgm", "HDRGainMap",
        "xmpGImg",
    ]
    /// Properties that hold places within the picture as it was stored.
    static let placedProperties = [
        "mwg-rs.Regions", "MP.RegionInfo", "iptcExt.ImageRegion", "exif.SubjectArea", "exif.SubjectLocation",
    ]
    /// Namespaces of the same kind.
    static let placedNamespaces: Set = ["GPano"]
    /// Namespaces that are the last to be left out where there is no room for all.
    static let dearNamespaces: Set = [
        "dc", "xmp", "xmpMM", "xmpRights", "photoshop", "iptc", "iptcExt", "plus", "exif", "exifEX", "tiff", "aux",
        "cc",
    ]

    // MARK: Others

    /// Whether a data set of IPTC is carried: not a preview, nor a part of the other records.
    static func keeps(_ set: IPTCDataSet) -> Bool { set.record == 1 || set.record == 2 && set.number < 200 }

    /// Data sets of the application record that XMP has a property for.
    static let setsInXMP: Set<UInt8> = [
        0, 5, 10, 15, 20, 25, 40, 55, 60, 62, 63, 80, 85, 90, 92, 95, 100, 101, 103, 105, 110, 115, 116, 120, 122,
    ]

    /// Those of them that XMP writes in another form: the record's version, days and times.
    static let setsOfOtherForm: Set<UInt8> = [0, 55, 60, 62, 63]

    /// Data sets of the application record that are no text.
    static let binarySets: Set<UInt8> = [0, 125, 200, 201, 202]

    /// PNG's own keywords, and the properties of XMP that say the same.
    static let keywords = [
        "Title": "Xmp.dc.title", "Author": "Xmp.dc.creator", "Description": "Xmp.dc.description",
        "Copyright": "Xmp.dc.rights", "Software": "Xmp.xmp.CreatorTool", "Source": "Xmp.dc.source",
        "Comment": "Xmp.exif.UserComment", "Disclaimer": "Xmp.xmpRights.UsageTerms",
    ]
}
