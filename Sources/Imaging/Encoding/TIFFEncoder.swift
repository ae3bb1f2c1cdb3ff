import CTIFF

/// Encodes a picture as TIFF, in compressed strips as they come, on the caller's thread.
enum TIFFEncoder {
    /// Rows that are compressed together; readers decode them by themselves.
    private static let stripHeight = 64
    /// libdeflate's fastest: `docs/formats.md` has the figures.
    private static let level: Int32 = 1
    /// Bytes of samples up to which a classic file, which ends at 4 GiB, is long enough.
    private static let classicLimit = 3 << 30

    /// - Returns: the library's reason where it failed; the file's own is in the file.
    static func encode(
        _ picture: some PixelRows, to file: FileTarget, profile: [UInt8], pixelsPerInch: Double
    ) -> EncoderFailure? {
        guard let state = tiff_new(file.descriptor) else { return EncoderFailure(reason: "out of memory") }
        defer { tiff_free(state) }
        func check(_ status: Int32) throws(EncoderFailure) {
            guard status != 0 else { return }
            file.note(state.pointee.code)
            let reason = withUnsafeBytes(of: state.pointee.reason) {
                String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            throw EncoderFailure(reason: reason)
        }
        do throws(EncoderFailure) {
            let isBig = picture.rowBytes * picture.height > classicLimit
            let status = profile.withUnsafeBytes { profile in
                var what = tiff_picture(
                    width: Int32(picture.width), height: Int32(picture.height), bands: Int32(picture.bands),
                    depth: Int32(picture.depth), pixels_per_inch: Float(pixelsPerInch),
                    strip_rows: Int32(stripHeight), level: level, profile: profile.baseAddress,
                    profile_bytes: UInt32(profile.count))
                return tiff_start(state, &what, isBig ? 1 : 0)
            }
            try check(status)
            try picture.forEachStrip(of: stripHeight) { rows, bytes throws(EncoderFailure) in
                try check(
                    tiff_strip(state, Int32(rows.lowerBound / stripHeight), bytes, rows.count * picture.rowBytes))
            }
            try check(tiff_finish(state))
            return nil
        } catch { return error }
    }
}
