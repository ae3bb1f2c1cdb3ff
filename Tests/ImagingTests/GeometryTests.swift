import TestSupport
import Testing

@testable import Imaging

@Suite struct ResamplerTests {
    @Test("The mean of a plane that shrinks is kept", arguments: [(512, 512), (300, 451), (257, 999), (256, 256)])
    func keepsMean(width: Int, height: Int) {
        var generator = SeededGenerator(3)
        var resampler = Resampler(width: width, height: height, to: 256, 256)
        var sum = 0.0
        for _ in 0..<height {
            let row = (0..<width).map { _ in Float.random(in: 0...100, using: &generator) }
            sum += row.reduce(0) { $0 + Double($1) }
            resampler.add(row)
        }
        let mean = resampler.plane.reduce(0) { $0 + Double($1) } / 65536
        #expect(abs(mean - sum / Double(width * height)) < 1e-3)
    }

    @Test("A ramp stays a ramp when it grows", arguments: [1, 2, 3, 100, 255])
    func enlargesLinearly(size: Int) {
        var resampler = Resampler(width: size, height: size, to: 256, 256)
        for y in 0..<size { resampler.add((0..<size).map { Float($0 + 2 * y) }) }
        for y in stride(from: 0, to: 256, by: 17) {
            for x in 0..<256 {
                func place(_ i: Int) -> Float {
                    min(max((Float(i) + 0.5) * Float(size) / 256 - 0.5, 0), Float(size - 1))
                }
                #expect(abs(resampler.plane[y * 256 + x] - (place(x) + 2 * place(y))) < 1e-3)
            }
        }
    }

    @Test("The same size is a copy")
    func identity() {
        var resampler = Resampler(width: 5, height: 4, to: 5, 4)
        let values = (0..<20).map { Float($0 * $0) }
        for y in 0..<4 { resampler.add(Array(values[y * 5..<y * 5 + 5])) }
        #expect(resampler.plane == values)
    }
}

@Suite struct OrientationTests {
    /// The picture `1 2 3 / 4 5 6` as each orientation stores it: EXIF 2.32, tag 274.
    static let stored: [(Int, [Float], Int, Int)] = [
        (1, [1, 2, 3, 4, 5, 6], 3, 2), (2, [3, 2, 1, 6, 5, 4], 3, 2), (3, [6, 5, 4, 3, 2, 1], 3, 2),
        (4, [4, 5, 6, 1, 2, 3], 3, 2), (5, [1, 4, 2, 5, 3, 6], 2, 3), (6, [3, 6, 2, 5, 1, 4], 2, 3),
        (7, [6, 3, 5, 2, 4, 1], 2, 3), (8, [4, 1, 5, 2, 6, 3], 2, 3),
    ]

    @Test("Each orientation is undone", arguments: stored)
    func upright(code: Int, values: [Float], width: Int, height: Int) throws {
        let orientation = try #require(Orientation(rawValue: code))
        #expect(orientation.apply(values, width: width, height: height) == [1, 2, 3, 4, 5, 6])
    }

    @Test("A JPEG is turned upright once, and its output says nothing of orientation", arguments: 1...8)
    func photograph(code: Int) throws {
        let scratch = try TemporaryFolder()
        // Dark at the top of the picture, and darkest at its left.
        let width = code >= 5 ? 40 : 64
        let height = code >= 5 ? 64 : 40
        let orientation = try #require(Orientation(rawValue: code))
        let (origin, column, row) = orientation.placement(width: width, height: height)
        var raster = Raster(width, height, bands: 1) { x, y, _ in
            let (line, place) = (origin + x * column + y * row).quotientAndRemainder(dividingBy: 64)
            return UInt8(line * 5 + place / 2)
        }
        raster.integers["orientation"] = code
        let photograph = try Photograph.open(path: raster.save("jpegsave", scratch.file("turned.jpg"), ["Q": "98"]))
        #expect(photograph.width == 64 && photograph.height == 40)
        for (x, y) in [(2, 2), (60, 2), (2, 37), (60, 37)] {
            let tone = Int(photograph.plane.tones[y * 64 + x]) / 257
            #expect(abs(tone - (y * 5 + x / 2)) <= 4)
        }
        let output = scratch.file("out.jpg")
        let renderer = Renderer(photograph)
        _ = try renderer.write(
            renderer.field(chroma: chroma(seed: 1)), to: output, options: OutputOptions(), disclosure: disclosure)
        try metadata(output) { #expect(($0.string("orientation") ?? "1") == "1") }
    }
}
