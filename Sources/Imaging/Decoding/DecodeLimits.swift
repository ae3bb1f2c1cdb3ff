/// Limits on a photograph's file, checked from the header before any pixel is decoded.
package struct DecodeLimits: Sendable, Codable, Equatable {
    /// Most pixels of one image.
    package var pixels = 120_000_000
    /// Most pixels along one side.
    package var side = 65_500
    /// Largest ratio of the longer to the shorter side: longer strips are no photographs.
    package var aspect = 50.0
    /// Most pages or frames.
    ///
    /// The decoder reads the first of several pages, with a warning.
    package var pages = 1
    /// Largest file in bytes.
    package var bytes = 1 << 30
    /// Longest time for decoding, in seconds.
    package var seconds = 120.0

    package init() {}

    /// Checks that every limit is usable.
    /// - Throws: `ImagingError.invalidSetting` with the first one that is not.
    package func validate() throws {
        try Self.require(pixels >= 1, "pixels", "must be at least 1")
        try Self.require((1...65_500).contains(side), "side", "must be from 1 to 65500")
        try Self.require(aspect >= 1 && aspect.isFinite, "aspect", "must be at least 1")
        try Self.require(pages >= 1, "pages", "must be at least 1")
        try Self.require(bytes >= 1, "bytes", "must be at least 1")
        try Self.require(seconds > 0 && seconds.isFinite, "seconds", "must be greater than 0")
    }

    /// Why an image with this header is refused, or nil if it is not.
    func refusal(width: Int, height: Int, pages count: Int) -> String? {
        let (pixelCount, overflow) = width.multipliedReportingOverflow(by: height)
        if overflow || pixelCount > pixels {
            return "\(width) × \(height) are more than \(pixels) pixels"
        }
        if max(width, height) > side { return "\(width) × \(height): a side is longer than \(side)" }
        if Double(max(width, height)) > aspect * Double(min(width, height)) {
            return "\(width) × \(height): one side is more than \(aspect) times the other"
        }
        if count > pages { return "\(count) pages or frames, at most \(pages) allowed" }
        return nil
    }

    private static func require(_ condition: Bool, _ name: String, _ reason: String) throws {
        if !condition { throw ImagingError.invalidSetting(name: name, reason: reason) }
    }
}
