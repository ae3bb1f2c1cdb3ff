import CVips
import Foundation

/// Rows of a picture for libvips as it asks for them.
///
/// `@unchecked Sendable`: libvips calls from its own threads, and `lock` guards everything that changes.
final class VipsRows: @unchecked Sendable {
    private static let stripHeight = 64

    private let source: any PixelRows
    private let lock = NSLock()
    private let strip: UnsafeMutableRawPointer
    private let rowBytes: Int
    /// The rows in `strip`.
    private var ready = 0..<0

    init(_ source: any PixelRows) {
        self.source = source
        rowBytes = source.rowBytes
        strip = .allocate(byteCount: rowBytes * min(Self.stripHeight, source.height), alignment: 64)
    }

    deinit { strip.deallocate() }

    /// The image that asks this object for its pixels, which must outlive it.
    func picture(pixelsPerInch: Double) throws -> VipsPicture {
        let isDeep = source.depth == 16
        let image = av_generated(
            Int32(source.width), Int32(source.height), Int32(source.bands),
            isDeep ? VIPS_FORMAT_USHORT : VIPS_FORMAT_UCHAR,
            isDeep ? VIPS_INTERPRETATION_RGB16 : VIPS_INTERPRETATION_sRGB, pixelsPerInch / 25.4, Self.generate,
            Unmanaged.passUnretained(self).toOpaque())
        guard let image else { throw ImagingError.library(reason: Vips.takeError()) }
        return VipsPicture(image)
    }

    private static let generate: av_generate_fn = { region, _, _, user, _ in
        guard let region, let user else { return -1 }
        let rows = Unmanaged<VipsRows>.fromOpaque(user).takeUnretainedValue()
        let area = region.pointee.valid
        for y in Int(area.top)..<Int(area.top + area.height) {
            let target = UnsafeMutableRawPointer(mutating: av_region_row(region, area.left, Int32(y))!)
            rows.copy(row: y, columns: Int(area.left)..<Int(area.left + area.width), to: target)
        }
        return 0
    }

    private func copy(row: Int, columns: Range<Int>, to target: UnsafeMutableRawPointer) {
        let pixelBytes = source.bands * source.depth / 8
        lock.withLock {
            if !ready.contains(row) {
                let top = row - row % Self.stripHeight
                ready = top..<min(top + Self.stripHeight, source.height)
                source.write(ready, to: strip)
            }
            let from = strip + (row - ready.lowerBound) * rowBytes + columns.lowerBound * pixelBytes
            target.copyMemory(from: from, byteCount: columns.count * pixelBytes)
        }
    }
}
