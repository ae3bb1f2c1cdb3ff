import CVips
import Foundation

extension RGBImage {
    /// The picture as a JPEG without any metadata, for a glance.
    ///
    /// - Throws: `ImagingError`.
    package func jpeg(quality: Int) throws -> Data {
        try Vips.ensureStarted()
        let picture = try picture()
        var (bytes, count): (UnsafeMutableRawPointer?, Int) = (nil, 0)
        let status = withExtendedLifetime(picture) {
            av_save_jpeg_memory(picture.pointer, &bytes, &count, Int32(quality))
        }
        guard status == 0, let bytes else { throw ImagingError.library(reason: Vips.takeError()) }
        return Data(bytesNoCopy: bytes, count: count, deallocator: .custom { bytes, _ in g_free(bytes) })
    }
}
