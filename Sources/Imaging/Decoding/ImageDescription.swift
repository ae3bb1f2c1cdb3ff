/// A photograph's size, depth, format and dates, as its file gives them; width and height are upright.
struct ImageDescription: Sendable, Codable, Equatable {
    var width: Int
    var height: Int
    var hasAlpha: Bool
    /// 8 or 16.
    var bitDepth: Int
    var format: InputFormat
    var dates: CaptureDates
    /// Pixels per inch, or nil if the file does not say.
    var resolution: Double?
    var warnings: [String]

    /// The same, if they are what an honest decoder may say of a file it was allowed to read; nil otherwise.
    func checked(limits: DecodeLimits) -> ImageDescription? {
        guard width > 0, height > 0, limits.refusal(width: width, height: height, pages: 1) == nil else { return nil }
        guard bitDepth == 8 || bitDepth == 16, warnings.count <= 8 else { return nil }
        if let resolution, !(resolution.isFinite && resolution > 0) { return nil }
        var description = self
        description.dates = CaptureDates(
            original: dates.original.flatMap(CaptureDates.checked),
            digitized: dates.digitized.flatMap(CaptureDates.checked),
            modified: dates.modified.flatMap(CaptureDates.checked))
        description.warnings = warnings.map { String(Photograph.printable(String($0.prefix(200))).prefix(200)) }
        return description
    }
}
