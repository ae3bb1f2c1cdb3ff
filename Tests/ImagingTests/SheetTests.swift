import Foundation
import Tensor
import TestSupport
import Testing

@testable import Imaging

@Suite struct SheetTests {
    private func renderer() throws -> Renderer {
        Renderer(try Photograph.open(path: Repository.sample("chelsea.png")))
    }

    private func preview() throws -> Preview { try renderer().preview(longSide: 200) }

    @Test("A preview keeps proportions, is gray without colour, and is never enlarged")
    func size() throws {
        let preview = try preview()
        #expect(preview.width == 200 && preview.height == 133)
        let original = preview.original
        let isGray = (0..<200 * 133).allSatisfy { index in
            let (red, green, blue) = (
                original.pixels[3 * index], original.pixels[3 * index + 1], original.pixels[3 * index + 2]
            )
            return red == green && green == blue
        }
        #expect(isGray)
        let photograph = try Photograph.open(path: Repository.sample("chelsea.png"))
        #expect(Renderer(photograph).preview(longSide: 5000).width == photograph.width)
    }

    @Test("A contact sheet holds the original first")
    func sheet() throws {
        let scratch = try TemporaryFolder()
        let renderer = try renderer()
        let preview = renderer.preview(longSide: 200)
        let variants = (0..<8).map { preview.colored(renderer.field(chroma: chroma(seed: UInt64($0)))) }
        try ContactSheet.write(
            original: preview.original, variants: variants, to: scratch.file("sheet.png"),
            options: OutputOptions(format: .png), disclosure: disclosure)
        let out = try samples(scratch.file("sheet.png"))
        #expect(out.width == 3 * 200 + 4 * 12 && out.height == 3 * 133 + 4 * 12)
        for (x, y) in [(0, 0), (199, 132), (77, 50)] {
            let (there, here) = (3 * ((y + 12) * out.width + x + 12), 3 * (y * 200 + x))
            for band in 0..<3 { #expect(out.values[there + band] == UInt16(preview.original.pixels[here + band])) }
            let second = there + 3 * 212
            for band in 0..<3 { #expect(out.values[second + band] == UInt16(variants[0].pixels[here + band])) }
        }
    }

    @Test("Sheets are near to square", arguments: [(9, 300, 200, 3), (5, 400, 200, 2), (2, 200, 500, 2), (1, 9, 9, 1)])
    func columns(count: Int, width: Int, height: Int, expected: Int) {
        #expect(ContactSheet.columns(count, width, height) == expected)
    }

    @Test("Samples that agree have no uncertainty, two that differ have half their distance")
    func uncertainty() throws {
        let scratch = try TemporaryFolder()
        let renderer = try renderer()
        func disagreement(_ chromas: [Tensor], _ name: String) throws -> Double {
            var map = UncertaintyMap(renderer.preview(longSide: 200))
            for chroma in chromas { map.add(renderer.field(chroma: chroma)) }
            return try map.write(to: scratch.file(name), disclosure: disclosure)
        }
        let one = chroma(seed: 1)
        #expect(try disagreement([one, one, one], "a.png") < 1e-4)
        let flat = Tensor([1, 2, 64, 64])
        let shifted = Tensor([1, 2, 64, 64], [Float](repeating: 6, count: 4096) + [Float](repeating: 8, count: 4096))
        #expect(abs(try disagreement([flat, shifted], "b.png") - 5) < 1e-3)
        #expect(try samples(scratch.file("b.png")).width == 200 + 2 * 12)
    }
}
