/// The kinds of file that are written.
package enum OutputFormat: String, Sendable, Codable, CaseIterable {
    case jpeg, png, webp, tiff

    /// The usual ending of its files' names, without the dot.
    package var fileExtension: String {
        switch self {
        case .jpeg: "jpg"
        case .png: "png"
        case .webp: "webp"
        case .tiff: "tif"
        }
    }

    /// The format that a file name's ending stands for; nil where it stands for none.
    package init?(path: String) {
        switch path.split(separator: ".").last?.lowercased() {
        case "jpg", "jpeg": self = .jpeg
        case "png": self = .png
        case "webp": self = .webp
        case "tif", "tiff": self = .tiff
        default: return nil
        }
    }

    /// Most pixels along one side that the format can hold.
    package var longestSide: Int {
        switch self {
        case .webp: 16_383
        case .jpeg, .png, .tiff: 65_500
        }
    }

    /// Whether it keeps 16 bits a sample.
    package var keepsDepth: Bool { self == .png || self == .tiff }

    /// Whether it has a place for IPTC's older form.
    var keepsIPTC: Bool { self == .jpeg || self == .tiff }

    /// Whether it keeps transparency.
    package var keepsAlpha: Bool { self != .jpeg }
}

/// How much of the chroma a JPEG keeps.
package enum ChromaSubsampling: String, Sendable, CaseIterable {
    /// All of it.
    case full = "4:4:4"
    /// A value for two columns and two rows.
    case half = "4:2:0"
}

/// How variants are written.
package struct OutputOptions: Sendable, Equatable {
    /// The kind of file.
    package var format = OutputFormat.jpeg
    /// Quality of JPEG and WebP, 1…100.
    package var quality = 92
    /// What JPEG keeps of the chroma.
    package var subsampling = ChromaSubsampling.full
    /// Factor on chroma, 0…4.
    package var saturation = 1.0

    package init() {}

    /// Options of one format, the rest as by default.
    package init(format: OutputFormat) { self.format = format }

    /// Checks that every option is usable.
    /// - Throws: `ImagingError.invalidSetting` with the first one that is not.
    package func validate() throws {
        guard (1...100).contains(quality) else {
            throw ImagingError.invalidSetting(name: "quality", reason: "must be from 1 to 100")
        }
        guard (0...4).contains(saturation) else {
            throw ImagingError.invalidSetting(name: "saturation", reason: "must be from 0 to 4")
        }
    }
}
