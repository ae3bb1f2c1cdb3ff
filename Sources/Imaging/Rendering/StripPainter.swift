import CVips
import Foundation

/// Paints a picture for libvips as it asks for it, some rows at a time and those on several threads.
///
/// `@unchecked Sendable`: libvips calls from its own threads, and `lock` guards everything that changes.
final class StripPainter: @unchecked Sendable {
    private static let stripHeight = 64

    private let plane: GrayPlane
    private let layout: RowPainter.Layout
    private let painters: [RowPainter]
    private let lock = NSLock()
    private let strip: UnsafeMutableRawPointer
    private let rowBytes: Int
    /// The rows in `strip`.
    private var painted = 0..<0
    private var counters: [RowPainter.Tally]

    init(plane: GrayPlane, field: ChromaField, saturation: Double, layout: RowPainter.Layout, threads: Int) {
        self.plane = plane
        self.layout = layout
        painters = (0..<threads).map { _ in
            RowPainter(plane: plane, field: field, saturation: saturation, layout: layout)
        }
        rowBytes = plane.width * layout.bytesPerPixel
        strip = .allocate(byteCount: rowBytes * Self.stripHeight, alignment: 64)
        counters = [RowPainter.Tally](repeating: RowPainter.Tally(), count: plane.height)
    }

    deinit { strip.deallocate() }

    /// The sum over all rows, in their order whichever thread painted them.
    var total: RowPainter.Tally {
        lock.withLock {
            counters.reduce(into: RowPainter.Tally()) {
                $0.clipped += $1.clipped
                $0.chroma += $1.chroma
            }
        }
    }

    /// The image that asks this object for its pixels, which must outlive it.
    func picture(pixelsPerMillimetre: Double) throws -> VipsPicture {
        let isDeep = layout.depth == 16
        let image = av_generated(
            Int32(plane.width), Int32(plane.height), Int32(layout.bands),
            isDeep ? VIPS_FORMAT_USHORT : VIPS_FORMAT_UCHAR,
            isDeep ? VIPS_INTERPRETATION_RGB16 : VIPS_INTERPRETATION_sRGB, pixelsPerMillimetre, Self.generate,
            Unmanaged.passUnretained(self).toOpaque())
        guard let image else { throw ImagingError.library(reason: Vips.takeError()) }
        return VipsPicture(image)
    }

    private static let generate: av_generate_fn = { region, _, _, user, _ in
        guard let region, let user else { return -1 }
        let painter = Unmanaged<StripPainter>.fromOpaque(user).takeUnretainedValue()
        let area = region.pointee.valid
        for y in Int(area.top)..<Int(area.top + area.height) {
            let target = UnsafeMutableRawPointer(mutating: av_region_row(region, area.left, Int32(y))!)
            painter.copy(row: y, columns: Int(area.left)..<Int(area.left + area.width), to: target)
        }
        return 0
    }

    private func copy(row: Int, columns: Range<Int>, to target: UnsafeMutableRawPointer) {
        lock.withLock {
            if !painted.contains(row) { paintStrip(from: row - row % Self.stripHeight) }
            let source = strip + (row - painted.lowerBound) * rowBytes + columns.lowerBound * layout.bytesPerPixel
            target.copyMemory(from: source, byteCount: columns.count * layout.bytesPerPixel)
        }
    }

    /// Paints one strip, each thread its share of the rows; called under the lock.
    private func paintStrip(from top: Int) {
        let count = min(Self.stripHeight, plane.height - top)
        let share = (count + painters.count - 1) / painters.count
        counters.withUnsafeMutableBufferPointer { counters in
            // Each thread has its own painter and its own rows of these buffers.
            nonisolated(unsafe) let (counters, strip, painters) = (counters, self.strip, self.painters)
            let rowBytes = self.rowBytes
            DispatchQueue.concurrentPerform(iterations: painters.count) { thread in
                for y in (thread * share)..<max(thread * share, min(count, (thread + 1) * share)) {
                    counters[top + y] = painters[thread].paint(top + y, into: strip + y * rowBytes)
                }
            }
        }
        painted = top..<top + count
    }
}
