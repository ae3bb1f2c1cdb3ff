import Dispatch
import Foundation

/// Paints a picture some rows at a time, and those on several threads.
///
/// Not Sendable in spirit: one caller at a time, from top to bottom.
final class StripPainter: PixelRows {
    let width: Int
    let height: Int
    let bands: Int
    let depth: Int

    private let painters: [RowPainter]
    private var counters: [RowPainter.Tally]

    init(plane: GrayPlane, field: ChromaField, saturation: Double, layout: RowPainter.Layout, threads: Int) {
        (width, height, bands, depth) = (plane.width, plane.height, layout.bands, layout.depth)
        painters = (0..<threads).map { _ in
            RowPainter(plane: plane, field: field, saturation: saturation, layout: layout)
        }
        counters = [RowPainter.Tally](repeating: RowPainter.Tally(), count: plane.height)
    }

    /// The sum over all rows, in their order whichever thread painted them.
    var total: RowPainter.Tally { counters.reduce(into: RowPainter.Tally()) { $0 += $1 } }

    /// Paints rows, each thread its share of them.
    func write(_ rows: Range<Int>, to target: UnsafeMutableRawPointer) {
        let share = (rows.count + painters.count - 1) / painters.count
        counters.withUnsafeMutableBufferPointer { counters in
            // Each thread has its own painter and its own rows of these buffers.
            nonisolated(unsafe) let (counters, target, painters) = (counters, target, self.painters)
            let rowBytes = self.rowBytes
            let paint = { @Sendable (thread: Int) in
                for i in (thread * share)..<max(thread * share, min(rows.count, (thread + 1) * share)) {
                    let y = rows.lowerBound + i
                    counters[y] = painters[thread].paint(y, into: target + i * rowBytes)
                }
            }
            if painters.count == 1 {
                paint(0)
            } else {
                DispatchQueue.concurrentPerform(iterations: painters.count, execute: paint)
            }
        }
    }
}
