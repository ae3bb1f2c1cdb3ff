import CJPEG

/// Encodes a picture as JPEG, rows as they come, on the caller's thread.
enum JPEGEncoder {
    /// Rows at a time: two rows of the largest blocks, which stay in the cache between painting and encoding.
    private static let stripHeight = 16

    /// - Returns: the library's reason where it failed; the file's own is in the file.
    static func encode(
        _ picture: some PixelRows, to file: FileTarget, quality: Int, subsampling: ChromaSubsampling
    ) -> EncoderFailure? {
        precondition(picture.bands == 3 && picture.depth == 8, "a JPEG has three bands of 8 bits")
        let write: jpeg_write_fn = { user, bytes, count in
            let file = Unmanaged<FileTarget>.fromOpaque(user!).takeUnretainedValue()
            return file.write(UnsafeRawBufferPointer(start: bytes, count: count)) ? 0 : -1
        }
        guard let encoder = jpeg_new(write, Unmanaged.passUnretained(file).toOpaque()) else {
            return EncoderFailure(reason: "out of memory")
        }
        defer { jpeg_free(encoder) }
        func check(_ status: Int32) throws(EncoderFailure) {
            if status != 0 { throw EncoderFailure(reason: String(cString: jpeg_reason(encoder))) }
        }
        do throws(EncoderFailure) {
            try check(
                jpeg_start(
                    encoder, Int32(picture.width), Int32(picture.height), Int32(quality), subsampling == .half ? 1 : 0))
            try picture.forEachStrip(of: stripHeight) { rows, bytes throws(EncoderFailure) in
                try check(jpeg_rows(encoder, bytes.assumingMemoryBound(to: UInt8.self), Int32(rows.count)))
            }
            try check(jpeg_finish(encoder))
            return nil
        } catch { return error }
    }
}

/// Why an encoder gave up.
struct EncoderFailure: Error {
    var reason: String
}
