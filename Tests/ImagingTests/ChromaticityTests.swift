import Foundation
import TestSupport
import Testing

@testable import Imaging

@Suite struct ChromaticityTests {
    /// A gray photograph with texture, under a tint that depends on the gray value and, a little, on the place.
    private func tinted(_ tint: (_ gray: Double, _ x: Int, _ y: Int) -> (Double, Double, Double)) throws -> Raster {
        let source = try Photograph.open(path: Repository.sample("camera.jpg"))
        return Raster(source.width, source.height, bands: 3) { x, y, b in
            let gray = Double(source.plane.tones[y * source.width + x]) / 65535
            let color = tint(gray, x, y)
            return UInt8(max(0, min(255, 255 * [color.0, color.1, color.2][b])))
        }
    }

    private func open(_ raster: Raster, quality: String = "75") throws -> Chromaticity {
        let scratch = try TemporaryFolder()
        return try Photograph.open(path: raster.save("jpegsave", scratch.file("a.jpg"), ["Q": quality])).chromaticity
    }

    @Test("Gray saved as colour, with the noise of strong compression", arguments: ["20", "75", "95"])
    func gray(quality: String) throws {
        #expect(
            try open(
                tinted { gray, x, y in
                    let noise = Double((x &* 31 &+ y &* 17) % 5 - 2) / 255
                    return (gray + noise, gray, gray - noise)
                }, quality: quality) == .gray)
    }

    @Test("Sepia")
    func sepia() throws {
        #expect(try open(tinted { g, _, _ in (0.12 + 0.86 * g, 0.06 + 0.86 * g, 0.02 + 0.76 * g * g) }) == .toned)
        #expect(try Photograph.open(path: Repository.sample("rocket-sepia.jpg")).chromaticity == .toned)
    }

    @Test("Faded sepia: little contrast, and yellower towards one side")
    func fadedSepia() throws {
        #expect(
            try open(
                tinted { g, x, _ in
                    (0.45 + 0.4 * g, 0.38 + 0.4 * g, 0.25 + 0.36 * g + 0.00006 * Double(x))
                }) == .toned)
    }

    @Test("Selenium and cyanotype")
    func otherTones() throws {
        #expect(try open(tinted { g, _, _ in (0.05 + 0.9 * g, 0.03 + 0.88 * g, 0.08 + 0.9 * g) }) == .toned)
        #expect(try open(tinted { g, _, _ in (g * g, 0.2 + 0.78 * g, 0.35 + 0.62 * g) }) == .toned)
    }

    @Test("A gray picture with one coloured detail is coloured")
    func coloredDetail() throws {
        #expect(
            try open(
                tinted { g, x, y in
                    (200..<240).contains(x) && (200..<240).contains(y) ? (min(1, g + 0.4), g * 0.3, g * 0.3) : (g, g, g)
                }) == .colored)
    }

    @Test("Colour photographs", arguments: Repository.colorPhotographs)
    func colored(name: String) throws {
        #expect(try Photograph.open(path: Repository.fixture(name)).chromaticity == .colored)
    }
}
