import Foundation
import TestSupport
import Testing

@testable import Imaging

/// Measurements of large photographs, run by hand: `AUTOCHROME_LARGE=1 swift test --filter LargeTests`.
@Suite(
    .serialized, .enabled(if: ProcessInfo.processInfo.environment["AUTOCHROME_LARGE"] != nil, "set AUTOCHROME_LARGE"))
struct LargeTests {
    @Test(
        "Time and memory",
        arguments: [
            (4000, 3000, false, OutputFormat.jpeg, 8, 1), (4000, 3000, false, .jpeg, 8, 2),
            (8192, 6144, false, .jpeg, 2, 2), (8192, 6144, true, .tiff, 1, 2),
        ])
    func measure(width: Int, height: Int, isDeep: Bool, format: OutputFormat, variants: Int, threads: Int) throws {
        let scratch = try TemporaryFolder()
        let file = scratch.file("in.tif")
        var generator = SeededGenerator(1)
        func value(_ x: Int, _ y: Int) -> Int {
            20000 + Int(9000 * sin(Double(x) / 90)) + Int(9000 * cos(Double(y) / 130)) + Int(generator.next() & 1023)
        }
        if isDeep {
            try Raster(deep: width, height, bands: 1) { x, y, _ in UInt16(value(x, y)) }.save("tiffsave", file)
        } else {
            try Raster(width, height, bands: 1) { x, y, _ in UInt8(value(x, y) >> 8) }
                .save("jpegsave", file, ["Q": "92"])
        }
        let before = Self.peak(reset: true)
        let clock = ContinuousClock()
        var photograph: Photograph?
        let decoding = try clock.measure { photograph = try Photograph.open(path: file) }
        var renderer: Renderer?
        let preparing = clock.measure { renderer = Renderer(photograph!, threads: threads) }
        let writing = try clock.measure {
            for seed in 0..<variants {
                _ = try renderer!.write(
                    renderer!.field(chroma: chroma(seed: UInt64(seed))), to: scratch.file("out"),
                    options: OutputOptions(format: format), disclosure: disclosure)
            }
        }
        let field = renderer!.field(chroma: chroma(seed: 0))
        let row = UnsafeMutableRawPointer.allocate(byteCount: width * 6, alignment: 16)
        defer { row.deallocate() }
        let painting = [1, 0.3].map { saturation in
            let painter = RowPainter(
                plane: photograph!.plane, field: field, saturation: saturation, layout: RowPainter.Layout())
            return clock.measure { for y in 0..<height { _ = painter.paint(y, into: row) } }
        }
        let sheet = clock.measure { _ = renderer!.preview(longSide: ContactSheet.longSide).original }
        print(
            "\(width)×\(height) \(isDeep ? 16 : 8) bits, \(variants) × \(format), \(threads) threads: "
                + "decode \(decoding), guide \(preparing), write \(writing), preview \(sheet), paint \(painting), "
                + "peak \(before) → \(Self.peak(reset: false)) MB")
        #expect(photograph?.width == width)
    }

    /// Peak resident memory of this process in MB, from now on if it is reset.
    private static func peak(reset: Bool) -> Int {
        if reset { try? "5".write(toFile: "/proc/self/clear_refs", atomically: false, encoding: .utf8) }
        let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
        let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM") } ?? ""
        return (Int(line.split(whereSeparator: \.isWhitespace).dropFirst().first ?? "") ?? 0) / 1024
    }
}
