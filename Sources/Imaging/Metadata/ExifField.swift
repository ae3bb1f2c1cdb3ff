import Foundation

/// A field of EXIF with its value as it is stored in a little-endian file.
struct ExifField: Sendable, Codable, Equatable {
    /// The directory that it stands in.
    enum Directory: String, Sendable, Codable { case image, exif, gps }

    var directory: Directory
    var tag: UInt16
    /// TIFF's number of the value's type, 1…12.
    var type: UInt16
    /// The number of values, which is not that of bytes.
    var count: UInt32
    var data: Data

    /// Bytes of one value of each type.
    private static let sizes = [0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8]

    /// Bytes of one value of a type; nil where there is no such type.
    static func size(ofType type: Int) -> Int? { (1..<sizes.count).contains(type) ? sizes[type] : nil }

    /// Whether type, count and data fit each other.
    var isSound: Bool {
        guard let unit = Self.size(ofType: Int(type)) else { return false }
        return Int(count) * unit == data.count && count > 0
    }

    /// Bytes that it takes in a file, with its entry.
    var storedBytes: Int { data.count + 13 }

    static func text(_ directory: Directory, _ tag: UInt16, _ text: String) -> ExifField {
        let bytes = Data(text.utf8) + [0]
        return ExifField(directory: directory, tag: tag, type: 2, count: UInt32(bytes.count), data: bytes)
    }

    static func short(_ directory: Directory, _ tag: UInt16, _ value: Int) -> ExifField {
        let data = withUnsafeBytes(of: UInt16(clamping: value).littleEndian) { Data($0) }
        return ExifField(directory: directory, tag: tag, type: 3, count: 1, data: data)
    }

    static func long(_ directory: Directory, _ tag: UInt16, _ value: Int) -> ExifField {
        let data = withUnsafeBytes(of: UInt32(clamping: value).littleEndian) { Data($0) }
        return ExifField(directory: directory, tag: tag, type: 4, count: 1, data: data)
    }

    static func undefined(_ directory: Directory, _ tag: UInt16, _ bytes: [UInt8]) -> ExifField {
        ExifField(directory: directory, tag: tag, type: 7, count: UInt32(bytes.count), data: Data(bytes))
    }

    /// A number of three decimals, as a fraction.
    static func fraction(_ directory: Directory, _ tag: UInt16, _ value: Double) -> ExifField {
        let thousandths = (value * 1000).rounded()
        let (above, below) =
            thousandths.remainder(dividingBy: 1000) == 0 ? (thousandths / 1000, 1) : (thousandths, 1000)
        var data = withUnsafeBytes(of: UInt32(min(max(above, 0), 4e9)).littleEndian) { Data($0) }
        withUnsafeBytes(of: UInt32(below).littleEndian) { data.append(contentsOf: $0) }
        return ExifField(directory: directory, tag: tag, type: 5, count: 1, data: data)
    }
}

/// Tags of EXIF that are written or looked at by name.
enum ExifTag {
    static let description: UInt16 = 0x010E
    static let orientation: UInt16 = 0x0112
    static let resolutionX: UInt16 = 0x011A
    static let resolutionY: UInt16 = 0x011B
    static let resolutionUnit: UInt16 = 0x0128
    static let software: UInt16 = 0x0131
    static let modified: UInt16 = 0x0132
    static let positioning: UInt16 = 0x0213
    static let xmp: UInt16 = 0x02BC
    static let iptc: UInt16 = 0x83BB
    static let exifDirectory: UInt16 = 0x8769
    static let gpsDirectory: UInt16 = 0x8825
    static let version: UInt16 = 0x9000
    static let original: UInt16 = 0x9003
    static let digitized: UInt16 = 0x9004
    static let components: UInt16 = 0x9101
    static let makerNote: UInt16 = 0x927C
    static let flashpix: UInt16 = 0xA000
    static let colorSpace: UInt16 = 0xA001
    static let width: UInt16 = 0xA002
    static let height: UInt16 = 0xA003
}
